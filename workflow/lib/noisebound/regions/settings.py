"""Settings of the regions: the layout of divided scans and the guard band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class RegionSettings:
    """The section ``regions``, and the key of the section ``architecture`` that the guard band follows.

    Parameters
    ----------
    layout
        One string per row of cells, one letter per cell; None for a scan that is not divided.
    guard
        Width of the guard band in pixels, or "auto" for ``max_radius``.
    max_radius
        The largest receptive radius, in pixels, that a network of the run may have.
    """

    layout: Sequence[str] | None
    guard: int | Literal["auto"]
    max_radius: int
