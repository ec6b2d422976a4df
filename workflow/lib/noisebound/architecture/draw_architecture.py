"""The step draw_architecture: draw one member's architecture from the seed and write it as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage import write_json
from .base import Blueprint
from .limits import check_size
from .random_graph import draw
from .unet import FAMILY as UNET
from .unet import plan_unet


def draw_architecture(
    output: str | Path,
    *,
    settings: Mapping[str, Any],
    seed: int,
    member: int,
    dimensions: int,
    in_channels: int,
    out_channels: int,
) -> None:
    """Write one member's architecture as ``architectures/member-<m>.json``.

    ``settings["family"]`` says whether it is drawn (``random``, also where none is given; see :func:`draw`) or a U-Net
    (``unet``; see ``plan_unet``). Raises ``InputError`` where it would be too large to be read.
    """
    make: Callable[..., Blueprint] = plan_unet if settings.get("family") == UNET else draw
    architecture = make(
        settings, seed=seed, member=member, dimensions=dimensions, in_channels=in_channels, out_channels=out_channels
    )
    try:
        check_size(architecture.parameter_count(), architecture.radius())
    except ValueError as error:
        raise InputError(str(error), key="architecture", remedy="ask for smaller networks") from None
    write_json(output, architecture.to_json())
