"""Give every pixel of one scan its role, with guard bands."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.regions.assign_regions import assign_regions
from noisebound.regions.settings import RegionSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    assign_regions(
        snakemake.input[0],
        snakemake.output[0],
        RegionSettings(layout=snakemake.params.layout, **snakemake.params.settings),
        role=snakemake.params.role,
        montage=snakemake.params.montage,
    )
