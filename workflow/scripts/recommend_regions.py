"""Rank the regions of one scan that exceed a threshold or deserve another measurement."""

from typing import TYPE_CHECKING

from noisebound.decisions.recommend_regions import recommend_regions
from noisebound.decisions.settings import DecisionSettings
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    recommend_regions(
        snakemake.input.denoised,
        snakemake.input.ensemble,
        snakemake.input.calibration,
        snakemake.output.table,
        snakemake.output.maps,
        DecisionSettings(**snakemake.params.settings),
        snakemake.input.get("tokens"),
    )
