"""Rank the trials of a search and write the winner as a configuration file."""

from typing import TYPE_CHECKING

from noisebound.jobs.step import step
from noisebound.search.rank_trials import rank_trials

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    rank_trials(
        snakemake.input,
        snakemake.output.table,
        snakemake.output.best,
        snakemake.output.figure,
        trials=snakemake.params.trials,
        run=snakemake.params.run,
    )
