"""Say whether one scan is like those that calibrated, and whether its image invents or loses structure."""

from typing import TYPE_CHECKING

from noisebound.drift.check_drift import CheckedScan, check_drift
from noisebound.drift.settings import DriftSettings
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    check_drift(
        CheckedScan(
            ensemble=snakemake.input.ensemble,
            denoised=snakemake.input.denoised,
            scan=snakemake.input.scan,
            regions=snakemake.input.regions,
        ),
        snakemake.input.basis,
        snakemake.input.calibrated,
        snakemake.output[0],
        settings=DriftSettings(**snakemake.params.settings),
        seed=snakemake.params.seed,
    )
