"""Fit the corrections on the calibrate regions."""

from typing import TYPE_CHECKING

from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.calibration.predicted_scans import PredictedScans
from noisebound.calibration.settings import CalibrationSettings
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_calibration(
        PredictedScans(
            snakemake.input.ensembles,
            snakemake.input.scans,
            snakemake.input.regions,
            snakemake.input.get("tokens", []),
        ),
        snakemake.input.sample,
        snakemake.output[0],
        CalibrationSettings(**snakemake.params.settings),
        snakemake.params.confidences,
        snakemake.params.counts,
    )
