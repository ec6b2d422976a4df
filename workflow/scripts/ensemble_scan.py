"""Average the members' quantile images of one scan and keep its latents."""

from typing import TYPE_CHECKING

from noisebound.ensemble.ensemble_scan import ensemble_scan
from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    ensemble_scan(
        snakemake.input.members,
        snakemake.input.architectures,
        snakemake.input.basis,
        snakemake.input.scan,
        snakemake.output[0],
        settings=snakemake.params.settings,
        counts=snakemake.params.counts,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
