"""Boxes of pixels: half-open, with one number per spatial axis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# One slice per spatial axis.
Region = tuple[slice, ...]


@dataclass(frozen=True)
class Box:
    """A half-open box of pixels with a role.

    Parameters
    ----------
    role
        What its pixels are used for (:mod:`noisebound.core.roles`).
    lower, upper
        Its first pixel and the pixel behind its last, one number per spatial axis ([z], y, x).
    """

    role: str
    lower: tuple[int, ...]
    upper: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """Index of the box in an array of the spatial shape."""
        return tuple(slice(low, high) for low, high in zip(self.lower, self.upper, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Extent along each spatial axis, in pixels."""
        return tuple(high - low for low, high in zip(self.lower, self.upper, strict=True))

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape))


def boxes_meet(
    lower: Iterable[int], upper: Iterable[int], other_lower: Iterable[int], other_upper: Iterable[int]
) -> bool:
    """Tell whether two half-open boxes share a pixel.

    Parameters
    ----------
    lower, upper
        First pixel of one box and the pixel behind its last, one number per axis.
    other_lower, other_upper
        The same of the other box.

    Returns
    -------
    bool
        True if they share at least one pixel.
    """
    return all(a < d and c < b for a, b, c, d in zip(lower, upper, other_lower, other_upper, strict=True))
