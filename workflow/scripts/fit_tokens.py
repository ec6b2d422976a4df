"""Fit the clustering of latents into tokens."""

from typing import TYPE_CHECKING

from noisebound.logs import step_log
from noisebound.structure import fit_tokens

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step_log(snakemake.log[0]):
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
