"""Train one member of the ensemble."""

from typing import TYPE_CHECKING

from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step
from noisebound.training.checkpoint import checkpoint_path
from noisebound.training.settings import DataSettings, TrainingSettings
from noisebound.training.train_member import TrainingFiles, train_member

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake, beside=[checkpoint_path(snakemake.output.weights)]):
    train_member(
        TrainingFiles(
            snakemake.input.architecture,
            snakemake.input.scans,
            snakemake.input.regions,
            snakemake.output.weights,
            snakemake.output.history,
            snakemake.output.about,
        ),
        member=int(snakemake.wildcards.member),
        seed=snakemake.params.seed,
        settings=TrainingSettings(**snakemake.params.settings),
        data=DataSettings(*snakemake.params.transforms, counts=snakemake.params.counts),
        # Not a parameter, because those are compared between runs.
        checkpoint_every=snakemake.config["training"]["checkpoint_every"],
        code=snakemake.params.code,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
