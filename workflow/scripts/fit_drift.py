"""Describe the calibrate regions, which further scans are compared with."""

from typing import TYPE_CHECKING

from noisebound.drift.fit_drift import fit_drift
from noisebound.jobs.step import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    fit_drift(
        snakemake.input.ensembles,
        snakemake.input.scans,
        snakemake.input.regions,
        snakemake.input.basis,
        snakemake.output[0],
        block=snakemake.params.block,
    )
