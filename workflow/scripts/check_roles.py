"""Refuse pixels, files and fields of view that would serve two roles."""

from typing import TYPE_CHECKING

from noisebound.logs import step_log
from noisebound.regions import check_roles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step_log(snakemake.log[0]):
    check_roles(
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.output[0],
    )
