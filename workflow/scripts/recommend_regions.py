"""Rank the regions of one scan that exceed a threshold or deserve another measurement."""

from typing import TYPE_CHECKING

from noisebound.decisions.recommend_regions import RegionFiles, recommend_regions
from noisebound.decisions.settings import DecisionSettings
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    recommend_regions(
        RegionFiles(
            scan=snakemake.input.scan,
            regions=snakemake.input.regions,
            denoised=snakemake.input.denoised,
            ensemble=snakemake.input.ensemble,
            tokens=snakemake.input.get("tokens"),
        ),
        snakemake.input.calibration,
        snakemake.output.table,
        snakemake.output.maps,
        DecisionSettings(**snakemake.params.settings),
    )
