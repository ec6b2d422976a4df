"""Scale bars, and lengths in the unit that reads best."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..core.length_units import reading_unit
from .images import short_number


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar of a round length.

    Parameters
    ----------
    fraction
        Its share of the width of the image.
    label
        Its length with the unit.
    """

    fraction: float
    label: str


def physical(length: float, unit: str) -> str:
    """Write a length in the unit in which it reads best.

    Parameters
    ----------
    length
        The length, in ``unit``.
    unit
        Its unit, such as "nm" or "px".

    Returns
    -------
    str
        Number and unit.
    """
    shown, factor = reading_unit(abs(length), unit)
    return f"{short_number(length * factor)} {shown}"


def scale_bar(width_px: int, pixel_size: float, unit: str) -> ScaleBar:
    """Choose a scale bar of 1, 2 or 5 times a power of ten units, at most 30 % of the width of an image.

    Parameters
    ----------
    width_px
        Width of the image in px.
    pixel_size, unit
        Length of a pixel and its unit.

    Returns
    -------
    ScaleBar
        The bar; its label is in the unit in which it reads best.
    """
    extent = width_px * pixel_size
    goal = 0.3 * extent
    power = 10.0 ** math.floor(math.log10(goal))
    length = max(step * power for step in (1, 2, 5) if step * power <= goal * (1 + 1e-9))
    shown, factor = reading_unit(length * (1 + 1e-9), unit)
    return ScaleBar(length / extent, f"{length * factor:.6g} {shown}")
