"""Refuse pixels, files and fields of view that would serve two roles."""

from typing import TYPE_CHECKING

from noisebound.regions import check_roles
from noisebound.steps import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    check_roles(
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.input.sources,
        snakemake.output[0],
    )
