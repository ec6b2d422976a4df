"""Train one member of the ensemble."""

from typing import TYPE_CHECKING

from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step
from noisebound.training.checkpoint import checkpoint_path
from noisebound.training.train_member import train_member

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake, beside=[checkpoint_path(snakemake.output.weights)]):
    train_member(
        snakemake.input.architecture,
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.output.weights,
        snakemake.output.history,
        member=int(snakemake.wildcards.member),
        seed=snakemake.params.seed,
        # Parameters are compared between runs; how often a checkpoint is written comes from the configuration.
        settings=snakemake.params.settings | {"checkpoint_every": snakemake.config["training"]["checkpoint_every"]},
        transforms=tuple(snakemake.params.transforms),
        counts=snakemake.params.counts,
        about=snakemake.output.about,
        code=snakemake.params.code,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
