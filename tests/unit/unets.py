"""Small U-Nets: architectures, networks and files of members."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from noisebound.architecture.settings import UNetSettings
from noisebound.architecture.unet import UNetArchitecture, plan_unet
from noisebound.networks.member_file import save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.networks.unet_network import UNet
from tests.unit.learning_files import (
    give_weights,
    write_architecture,
)

CHANNELS = 2


def plan(dimensions: int, levels: int, convolutions: int = 1, *, member: int = 0) -> UNetArchitecture:
    return plan_unet(
        UNetSettings(levels, width=3, convolutions=convolutions, latent=4, hidden=5, max_radius=99),
        seed=1,
        member=member,
        dimensions=dimensions,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
    )


def unet_of(architecture: UNetArchitecture, seed: int = 0) -> UNet:
    return give_weights(UNet(architecture), seed)


def unet_members(folder: Path, dimensions: int) -> tuple[list[Path], list[Path]]:
    """Files of two members' weights and architectures."""
    folder.mkdir()
    zero, one = np.zeros(CHANNELS, np.float32), np.ones(CHANNELS, np.float32)
    normalisation = Normalisation("none", "none", False, zero, 4 * one, zero, 4 * one)
    weights, files = [], []
    for m in range(2):
        architecture = plan(dimensions, 2 if dimensions == 2 else 1, member=m)
        files.append(write_architecture(folder / f"{m}.json", architecture))
        weights.append(folder / f"{m}.pt")
        save_member(weights[m], unet_of(architecture, m).state_dict(), architecture, normalisation, member=m, step=1)
    return weights, files
