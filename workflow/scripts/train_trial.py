"""Draw and train one network of a search."""

from typing import TYPE_CHECKING

from noisebound.architecture.settings import architecture_settings
from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step
from noisebound.search.train_trial import TrialFiles, TrialSettings, files_beside, train_trial
from noisebound.training.settings import DataSettings, TrainingSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake, beside=files_beside(snakemake.output.outcome)):
    train_trial(
        TrialFiles(snakemake.input.scans, snakemake.input.regions, snakemake.output.outcome, snakemake.output.history),
        number=int(snakemake.wildcards.member),
        settings=TrialSettings(
            architecture=architecture_settings(snakemake.params.architecture),
            training=TrainingSettings(**snakemake.params.settings),
            data=DataSettings(*snakemake.params.transforms, counts=snakemake.params.counts),
            dimensions=snakemake.params.dimensions,
            channels=snakemake.params.channels,
            seed=snakemake.params.seed,
        ),
        # Not a parameter, because those are compared between runs.
        checkpoint_every=snakemake.config["training"]["checkpoint_every"],
        code=snakemake.params.code,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
