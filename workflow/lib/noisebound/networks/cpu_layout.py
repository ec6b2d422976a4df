"""How the compiled loops see an image: as one long row of numbers per channel, its lines parted by zeros.

A tap of a kernel is then a constant shift along the row. A 3x3x3 kernel is three 3x3 kernels: one for the slice below,
one for the slice itself and one for the slice above.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Positions computed at a time: nine shifted rows and four outputs of this length fit into the first-level cache.
# Lengths are multiples of STEP, because the compiler's widest loop takes so many, and the rest runs much slower.
RUN, STEP = 1536, 64
# The slices of a volume are computed one by one where this share of all positions lies between them.
BETWEEN_SLICES = 0.15


@dataclass(frozen=True, eq=False)
class Layout:
    """The place of every pixel of an image (C, [Z], Y, X) in its rows (C, length).

    Parameters
    ----------
    spatial
        Extent of the image (px), [Z], Y, X.
    pad
        Zeros behind the end of every axis: the largest dilation.
    strides
        Positions from one pixel to the next along each axis.
    start
        Position of the first pixel.
    inside
        float32 (length,), one at pixels and zero between them.
    runs
        int64 (R, 2), first positions and lengths of what is computed: all lines of an image, or each slice of a volume
        by itself, because many positions between slices are no pixels. Nothing else is ever written.
    """

    spatial: tuple[int, ...]
    pad: int
    strides: tuple[int, ...]
    start: int
    inside: NDArray[np.float32]
    runs: NDArray[np.int64]

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, spatial: tuple[int, ...], pad: int) -> Layout:
        """The layout of images of ``spatial`` extent for dilations up to ``pad``; the same object for every call."""
        padded = [extent + pad for extent in spatial]
        strides = tuple(math.prod(padded[axis + 1 :]) for axis in range(len(padded)))
        start = pad * sum(strides)
        # All taps of all runs stay within: a run is at most STEP - 1 too long.
        inside = np.zeros(2 * start + math.prod(padded) + STEP, dtype=np.float32)
        layout = cls(spatial, pad, strides, start, inside, _runs(spatial, strides, start))
        layout.pixels(torch.from_numpy(inside)).fill_(1)
        return layout

    @property
    def length(self) -> int:
        """Positions in a row."""
        return len(self.inside)

    def pixels(self, rows: Tensor) -> Tensor:
        """The pixels of ``rows`` (..., length) as a view (..., [Z], Y, X)."""
        extents = tuple(extent + self.pad for extent in self.spatial)
        padded = rows[..., self.start : self.start + math.prod(extents)].unflatten(-1, extents)
        return padded[(..., *(slice(extent) for extent in self.spatial))]

    def shifts(self, dilation: int) -> NDArray[np.int64]:
        """Shift of each tap of a kernel, int64 (groups, 9): one group of 3x3 for images, three for volumes."""
        steps = itertools.product((-dilation, 0, dilation), repeat=len(self.strides))
        taps = [sum(step * stride for step, stride in zip(tap, self.strides, strict=True)) for tap in steps]
        return np.asarray(taps, dtype=np.int64).reshape(-1, 9)

    def channel_shifts(self, channels: int) -> NDArray[np.int64]:
        """Shifts to the next ``channels`` rows, int64 (groups, 9); the last group is filled up with the first row."""
        shifts = np.arange(-(-channels // 9) * 9, dtype=np.int64)
        return np.where(shifts < channels, shifts, 0).reshape(-1, 9) * self.length


def _runs(spatial: tuple[int, ...], strides: tuple[int, ...], start: int) -> NDArray[np.int64]:
    """The runs of a :class:`Layout`. The last one may reach STEP - 1 zeros behind the last pixel."""
    extents = [(extent - 1) * stride for extent, stride in zip(spatial, strides, strict=True)]
    slices, length = 1, sum(extents) + 1
    one_slice = _round_up(length - extents[0])
    if len(spatial) > 2 and one_slice < (1 - BETWEEN_SLICES) * strides[0]:
        slices, length = spatial[0], one_slice
    size = _round_up(length / math.ceil(length / RUN))
    found = []
    for first in range(start, start + slices * strides[0], strides[0]):
        stop = first + _round_up(length)
        found += [(begin, min(size, stop - begin)) for begin in range(first, stop, size)]
    return np.asarray(found, dtype=np.int64)


def _round_up(length: float) -> int:
    """The next multiple of STEP."""
    return math.ceil(length / STEP) * STEP
