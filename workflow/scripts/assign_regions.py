"""Give every pixel of one scan its role, with guard bands."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.regions.assign_regions import assign_regions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    assign_regions(
        snakemake.input[0],
        snakemake.output[0],
        role=snakemake.params.role,
        layout=snakemake.params.layout,
        guard=snakemake.params.guard,
        max_radius=snakemake.params.max_radius,
        montage=snakemake.params.montage,
    )
