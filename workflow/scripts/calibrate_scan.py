"""Deliver one scan's calibrated intervals."""

from typing import TYPE_CHECKING

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    calibrate_scan(
        snakemake.input.ensemble,
        snakemake.input.calibration,
        snakemake.output.images,
        snakemake.output.tiff,
        snakemake.input.get("tokens"),
        snakemake.input.scan,
    )
