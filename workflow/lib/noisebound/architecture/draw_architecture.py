"""The step draw_architecture: draw one member's architecture from the seed and write it as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage import write_json
from .base import Blueprint
from .limits import check_size
from .random_graph import draw
from .settings import ArchitectureSettings, UNetSettings
from .unet import plan_unet


def draw_architecture(
    output: str | Path,
    *,
    settings: ArchitectureSettings,
    seed: int,
    member: int,
    dimensions: int,
    in_channels: int,
    out_channels: int,
) -> None:
    """Write ``architectures/member-<m>.json``.

    Parameters
    ----------
    output
        The file to write.
    settings
        The section ``architecture``. A random graph is drawn (``random_graph.draw``); a U-Net has nothing random
        (``unet.plan_unet``).
    seed
        Seed of the run.
    member
        Number of the member.
    dimensions
        Spatial dimensions of the images, 2 or 3.
    in_channels, out_channels
        Channels of the noisy image and of each quantile image.

    Raises
    ------
    InputError
        Where no network satisfies the settings, or the network exceeds ``limits.check_size``.
    """
    facts: dict[str, Any] = {
        "seed": seed,
        "member": member,
        "dimensions": dimensions,
        "in_channels": in_channels,
        "out_channels": out_channels,
    }
    architecture: Blueprint = (
        plan_unet(settings, **facts) if isinstance(settings, UNetSettings) else draw(settings, **facts)
    )
    try:
        check_size(architecture.parameter_count(), architecture.radius())
    except ValueError as error:
        raise InputError(str(error), key="architecture", remedy="ask for smaller networks") from None
    write_json(output, architecture.to_json())
