"""Assign tokens to one scan."""

from typing import TYPE_CHECKING

from noisebound.logs import step_log
from noisebound.structure import segment_scan

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step_log(snakemake.log[0]):
    segment_scan(
        snakemake.input.ensemble,
        snakemake.input.model,
        snakemake.output.labels,
        snakemake.output.statistics,
    )
