"""Judge coverage and errors on the test regions."""

from typing import TYPE_CHECKING

from noisebound.evaluation.evaluate import evaluate
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    evaluate(
        snakemake.input.ensembles,
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.input.tokens,
        snakemake.input.calibration,
        dict(snakemake.output.items()),
        run=snakemake.params.run,
        block=snakemake.params.block,
        bootstrap=snakemake.params.bootstrap,
        seed=snakemake.params.seed,
        exceed=snakemake.params.exceed,
        montages=snakemake.params.montages,
    )
