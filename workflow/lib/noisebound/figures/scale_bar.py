"""Scale bars, and lengths in the unit that reads best."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..core.length_units import reading_unit
from .images import short_number


@dataclass(frozen=True)
class ScaleBar:
    """A bar of a round length: ``fraction`` of the image's width and its ``label``."""

    fraction: float
    label: str


def physical(length: float, unit: str) -> str:
    """A length with its unit, in the unit in which it reads best."""
    shown, factor = reading_unit(abs(length), unit)
    return f"{short_number(length * factor)} {shown}"


def scale_bar(width_px: int, pixel_size: float, unit: str) -> ScaleBar:
    """Choose a scale bar of 1, 2 or 5 times a power of ten units, at most 30 percent of the width of an image.

    Parameters
    ----------
    width_px
        Width of the image in pixels.
    pixel_size, unit
        Length of a pixel and its unit.

    Returns
    -------
    ScaleBar
        Its share of the width, and its length in the unit that reads best.
    """
    extent = width_px * pixel_size
    goal = 0.3 * extent
    power = 10.0 ** math.floor(math.log10(goal))
    length = max(step * power for step in (1, 2, 5) if step * power <= goal * (1 + 1e-9))
    shown, factor = reading_unit(length * (1 + 1e-9), unit)
    return ScaleBar(length / extent, f"{length * factor:.6g} {shown}")
