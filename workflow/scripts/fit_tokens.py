"""Fit the clustering of latents into tokens."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.structure.fit_tokens import fit_tokens

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_tokens(
        snakemake.input.ensembles,
        snakemake.input.regions,
        snakemake.input.basis,
        snakemake.input.sample,
        snakemake.output.model,
        snakemake.output.stability,
        tokens=snakemake.params.tokens,
        repeats=snakemake.params.repeats,
        seed=snakemake.params.seed,
        sample_size=snakemake.params.sample_size,
        scans=snakemake.input.scans,
    )
