"""Fit the common basis of all members' latents on training pixels."""

from typing import TYPE_CHECKING

from noisebound.ensemble.fit_latent_basis import BasisFiles, fit_latent_basis
from noisebound.ensemble.settings import BasisSettings
from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_latent_basis(
        BasisFiles(
            snakemake.input.members,
            snakemake.input.architectures,
            snakemake.input.scans,
            snakemake.input.regions,
            snakemake.output.basis,
            snakemake.output.sample,
            snakemake.output.frames,
        ),
        settings=BasisSettings(
            components=snakemake.params.components,
            sample_size=snakemake.params.sample_size,
            frame=snakemake.params.frame,
            seed=snakemake.params.seed,
        ),
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
