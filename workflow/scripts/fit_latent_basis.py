"""Fit the common basis of all members' latents on training pixels."""

from typing import TYPE_CHECKING

from noisebound.ensemble.fit_latent_basis import fit_latent_basis
from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_latent_basis(
        snakemake.input.members,
        snakemake.input.architectures,
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.output.basis,
        snakemake.output.sample,
        components=snakemake.params.components,
        sample_size=snakemake.params.sample_size,
        seed=snakemake.params.seed,
        frame=snakemake.params.frame,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
