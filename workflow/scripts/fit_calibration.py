"""Fit the corrections on the calibrate regions."""

from typing import TYPE_CHECKING

from noisebound.calibration.fit_calibration import fit_calibration
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_calibration(
        snakemake.input.ensembles,
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.output[0],
        nominal=snakemake.params.nominal,
        primary=snakemake.params.primary,
        **snakemake.params.mode,
        confidences=snakemake.params.confidences,
        counts=snakemake.params.counts,
        block=snakemake.params.block,
        sample=snakemake.input.sample,
        tokens=snakemake.input.get("tokens", []),
    )
