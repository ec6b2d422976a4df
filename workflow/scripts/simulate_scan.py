"""Simulate one scan whose truth is known."""

from typing import TYPE_CHECKING

from noisebound.geometry.montage import Montage
from noisebound.jobs.step import step
from noisebound.simulation.simulate_scan import simulate_scan

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    simulate_scan(
        snakemake.output[0],
        Montage(**snakemake.params.montage),
        seed=snakemake.params.seed,
        reference_noise=snakemake.params.reference_noise,
    )
