"""Say whether one scan is like those that calibrated, and whether its image invents or loses structure."""

from typing import TYPE_CHECKING

from noisebound.drift.check_drift import check_drift
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    check_drift(
        snakemake.input.ensemble,
        snakemake.input.denoised,
        snakemake.input.scan,
        snakemake.input.regions,
        snakemake.input.basis,
        snakemake.input.calibrated,
        snakemake.output[0],
        level=snakemake.params.level,
        difference=snakemake.params.difference,
        correlation=snakemake.params.correlation,
        draws=snakemake.params.draws,
        seed=snakemake.params.seed,
    )
