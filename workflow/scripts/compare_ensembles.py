"""Judge random networks, U-Nets and filters on simulated scans."""

from typing import TYPE_CHECKING

from noisebound.geometry.montage import Montage
from noisebound.jobs.hardware import take_hardware
from noisebound.jobs.step import step
from noisebound.simulation.compare_ensembles import (
    ComparisonFiles,
    ComparisonSettings,
    MemberFiles,
    compare_ensembles,
)
from noisebound.simulation.simulated_images import ScanFiles

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with step(snakemake):
    compare_ensembles(
        {
            "random": MemberFiles(snakemake.input.members, snakemake.input.architectures, snakemake.input.histories),
            "unet": MemberFiles(
                snakemake.input.unets, snakemake.input.unet_architectures, snakemake.input.unet_histories
            ),
        },
        {
            role: ScanFiles(snakemake.input[role], [Montage(**montage) for montage in montages])
            for role, montages in snakemake.params.montages.items()
        },
        ComparisonFiles(**dict(snakemake.output.items())),
        settings=ComparisonSettings(**snakemake.params.settings),
        seed=snakemake.params.seed,
        hardware=take_hardware(snakemake.threads, snakemake.config["training"]["members_per_gpu"]),
    )
