"""Measure coverage and errors on the test regions."""

from typing import TYPE_CHECKING

from noisebound.calibration.predicted_scans import PredictedScans
from noisebound.evaluation.evaluate import evaluate
from noisebound.evaluation.settings import EvaluationSettings
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    evaluate(
        PredictedScans(
            snakemake.input.ensembles, snakemake.input.scans, snakemake.input.regions, snakemake.input.tokens
        ),
        snakemake.input.calibration,
        dict(snakemake.output.items()),
        EvaluationSettings(**snakemake.params.settings, seed=snakemake.params.seed),
        snakemake.params.montages,
    )
