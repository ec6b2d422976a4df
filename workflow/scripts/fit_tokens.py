"""Fit the clustering of latents into tokens."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.structure.fit_tokens import fit_tokens
from noisebound.structure.settings import StructureSettings
from noisebound.structure.train_pixels import TrainFiles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_tokens(
        TrainFiles(
            ensembles=snakemake.input.ensembles,
            regions=snakemake.input.regions,
            scans=snakemake.input.scans,
        ),
        snakemake.input.basis,
        snakemake.input.sample,
        snakemake.input.frames,
        snakemake.output.model,
        snakemake.output.stability,
        settings=StructureSettings(**snakemake.params.settings),
        seed=snakemake.params.seed,
    )
