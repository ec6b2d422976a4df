"""Simulate one scan whose truth is known."""

from typing import TYPE_CHECKING

from noisebound.simulated_scans import simulate_scan
from noisebound.steps import step

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    simulate_scan(
        snakemake.output[0],
        **snakemake.params.montage,
        seed=snakemake.params.seed,
        reference_noise=snakemake.params.reference_noise,
    )
