"""Assign tokens to one scan."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.structure.segment_scan import segment_scan

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    segment_scan(
        snakemake.input.ensemble,
        snakemake.input.model,
        snakemake.output.labels,
        snakemake.output.statistics,
        snakemake.input.scan,
    )
