"""Draw and train one network of a search."""

from typing import TYPE_CHECKING

from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step
from noisebound.search.train_trial import files_beside, train_trial

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake, beside=files_beside(snakemake.output.outcome)):
    train_trial(
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.output.outcome,
        snakemake.output.history,
        architecture=snakemake.params.architecture,
        dimensions=snakemake.params.dimensions,
        channels=snakemake.params.channels,
        number=int(snakemake.wildcards.member),
        seed=snakemake.params.seed,
        # Parameters are compared between runs; how often a checkpoint is written comes from the configuration.
        settings=snakemake.params.settings | {"checkpoint_every": snakemake.config["training"]["checkpoint_every"]},
        transforms=tuple(snakemake.params.transforms),
        counts=snakemake.params.counts,
        code=snakemake.params.code,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
