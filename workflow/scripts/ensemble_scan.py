"""Combine the members' quantile images of one scan and keep its latents."""

from typing import TYPE_CHECKING

from noisebound.ensemble.ensemble_scan import EnsembleFiles, ensemble_scan
from noisebound.ensemble.settings import EnsembleSettings
from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    ensemble_scan(
        EnsembleFiles(
            snakemake.input.members,
            snakemake.input.architectures,
            snakemake.input.basis,
            snakemake.input.scan,
            snakemake.output[0],
        ),
        settings=EnsembleSettings(**snakemake.params.settings),
        counts=snakemake.params.counts,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
