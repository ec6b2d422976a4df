"""Draw the architecture of one member."""

from typing import TYPE_CHECKING

from noisebound.architecture.draw_architecture import draw_architecture
from noisebound.architecture.settings import architecture_settings
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    draw_architecture(
        snakemake.output[0],
        settings=architecture_settings(snakemake.params.settings),
        seed=snakemake.params.seed,
        member=int(snakemake.wildcards.member),
        dimensions=snakemake.params.dimensions,
        in_channels=snakemake.params.channels,
        out_channels=snakemake.params.channels,
    )
