"""The memory layout of the compiled loops: one long row of numbers per channel, with zeros between the image's lines.

A tap of a kernel is then a constant shift along the row. A 3x3x3 kernel is computed as three 3x3 kernels: one for the
slice below, one for the slice itself and one for the slice above.
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

# Positions computed at a time: four outputs and nine shifted rows, which overlap, then fit into the first-level cache.
# Lengths are multiples of STEP: the widest compiled loop takes so many positions at once, and a rest is much slower.
RUN, STEP = 1536, 64
# The slices of a volume are computed one by one where more than this share of all positions lies between them.
BETWEEN_SLICES = 0.15


@dataclass(frozen=True, eq=False)
class Layout:
    """The place of every pixel of an image (C, [Z], Y, X) in its rows (C, length).

    Parameters
    ----------
    spatial
        Lengths of the image, [Z], Y, X (px; for networks on cells, cells).
    pad
        Number of zeros behind the end of every axis: the largest dilation.
    strides
        Positions from one pixel to the next along each axis.
    start
        Position of the first pixel.
    inside
        float32 (length,), one at pixels and zero elsewhere.
    runs
        int64 (R, 2), first positions and lengths of the stretches that are computed and written. They cover an image as
        a whole, and a volume as a whole or, where many positions lie between its slices, slice by slice.
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
        """Make the layout of images, or return the one made before.

        Parameters
        ----------
        spatial
            Lengths of the image, [Z], Y, X (px or cells).
        pad
            The largest dilation.

        Returns
        -------
        Layout
            The same object for the same arguments, as long as it is among the last 64.
        """
        padded = [extent + pad for extent in spatial]
        strides = tuple(math.prod(padded[axis + 1 :]) for axis in range(len(padded)))
        start = pad * sum(strides)
        # Long enough for all taps of all runs, of which the last may be STEP - 1 too long.
        inside = np.zeros(2 * start + math.prod(padded) + STEP, dtype=np.float32)
        layout = cls(spatial, pad, strides, start, inside, _runs(spatial, strides, start))
        layout.pixels(torch.from_numpy(inside)).fill_(1)
        return layout

    @property
    def length(self) -> int:
        """Number of positions in a row."""
        return len(self.inside)

    def pixels(self, rows: Tensor) -> Tensor:
        """View the pixels of rows as images.

        Parameters
        ----------
        rows
            (..., length).

        Returns
        -------
        Tensor
            (..., [Z], Y, X), which shares the memory of ``rows``.
        """
        extents = tuple(extent + self.pad for extent in self.spatial)
        padded = rows[..., self.start : self.start + math.prod(extents)].unflatten(-1, extents)
        return padded[(..., *(slice(extent) for extent in self.spatial))]

    def shifts(self, dilation: int) -> NDArray[np.int64]:
        """List the shifts of the taps of a 3x3 (3x3x3) kernel.

        Parameters
        ----------
        dilation
            Spacing of the taps (px or cells).

        Returns
        -------
        array
            int64 (G, 9), in positions: G = 1 group of 3x3 taps for images, 3 for volumes.
        """
        steps = itertools.product((-dilation, 0, dilation), repeat=len(self.strides))
        taps = [sum(step * stride for step, stride in zip(tap, self.strides, strict=True)) for tap in steps]
        return np.asarray(taps, dtype=np.int64).reshape(-1, 9)

    def channel_shifts(self, channels: int) -> NDArray[np.int64]:
        """List the shifts from a channel to itself and to the next ones, which are the taps of a per-pixel layer.

        Parameters
        ----------
        channels
            Number of channels.

        Returns
        -------
        array
            int64 (G, 9), in positions; the last group is filled up with zeros, the shift to the channel itself.
        """
        shifts = np.arange(-(-channels // 9) * 9, dtype=np.int64)
        return np.where(shifts < channels, shifts, 0).reshape(-1, 9) * self.length


def _runs(spatial: tuple[int, ...], strides: tuple[int, ...], start: int) -> NDArray[np.int64]:
    """List the runs of a :class:`Layout`; the last one may reach STEP - 1 zeros behind the last pixel."""
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
    """Round up to a multiple of STEP."""
    return math.ceil(length / STEP) * STEP
