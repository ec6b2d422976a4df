"""Judge random networks, U-Nets and filters on simulated scans."""

from typing import TYPE_CHECKING

from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step
from noisebound.simulation.compare_ensembles import compare_ensembles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    compare_ensembles(
        {"random": snakemake.input.members, "unet": snakemake.input.unets},
        {"random": snakemake.input.architectures, "unet": snakemake.input.unet_architectures},
        {"random": snakemake.input.histories, "unet": snakemake.input.unet_histories},
        {"calibrate": snakemake.input.calibrate, "test": snakemake.input.test},
        snakemake.params.montages,
        dict(snakemake.output.items()),
        nominal=snakemake.params.nominal,
        most=snakemake.params.subsets,
        orientations=snakemake.params.orientations,
        seed=snakemake.params.seed,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
