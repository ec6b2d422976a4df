"""Refuse pixels, files and fields of view that would serve two roles."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.regions.check_roles import check_roles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    check_roles(
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.input.sources,
        snakemake.output[0],
    )
