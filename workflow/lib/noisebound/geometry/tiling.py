"""Tiles with a halo: a scan larger than memory is read, predicted and written piece by piece, exactly.

A scan continues beyond its border as its mirror image. A tile is read with a halo as wide as the receptive radius;
beyond the border of the scan, the halo is the mirror image. The prediction inside the halo is discarded. So the part
that is kept equals the same part of the prediction of the whole image, and no network ever sees a border.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .boxes import Region

Scalar = TypeVar("Scalar", bound=np.generic)
# Pixels per axis of a tile if only a few pixels of a scan are wanted.
DEFAULT_TILE = {2: (256, 256), 3: (48, 64, 64)}
# If halos make the network compute more than this many times the pixels of the uncut scan, tiles are made larger.
WASTE = 1.3
# Tiles as short as this along an axis are not cut again, however little memory there is.
SHORTEST = 8


@dataclass(frozen=True)
class Tile:
    """A part of a scan, and what has to be read to predict it.

    Parameters
    ----------
    keep
        The region of the scan that the tile predicts.
    read
        The region of the scan to read: ``keep`` plus the halo, as far as the scan reaches.
    mirrored
        Pixels to add before and after each axis by mirroring, to complete the halo.
    inner
        Where ``keep`` lies in the completed tile.
    """

    keep: Region
    read: Region
    mirrored: tuple[tuple[int, int], ...]
    inner: Region

    @property
    def completed(self) -> tuple[int, ...]:
        """Pixels per axis of the completed tile."""
        sides = zip(self.read, self.mirrored, strict=True)
        return tuple(part.stop - part.start + before + after for part, (before, after) in sides)

    def complete(self, image: NDArray[Scalar]) -> NDArray[Scalar]:
        """Complete the halo by mirroring.

        Parameters
        ----------
        image
            What was read, (C, *read).

        Returns
        -------
        array
            (C, *keep plus halo).
        """
        return mirror(image, self.mirrored)


def mirror(image: NDArray[Scalar], widths: Sequence[tuple[int, int]]) -> NDArray[Scalar]:
    """Continue an image as its mirror image.

    The outermost pixel is repeated (mode ``symmetric`` of ``numpy.pad``). Without the repetition (mode ``reflect``),
    the error of the CT demo is 0.2 dB higher.

    Parameters
    ----------
    image
        (..., *spatial).
    widths
        Pixels to add before and after each spatial axis. An image narrower than that is mirrored more than once.

    Returns
    -------
    array
        (..., *spatial), wider by ``widths``.
    """
    leading = [(0, 0)] * (image.ndim - len(widths))
    return np.pad(image, [*leading, *widths], mode="symmetric")


def tiles(
    shape: Sequence[int],
    size: Sequence[int],
    halo: Sequence[int],
    alignment: int = 1,
    region: Region | None = None,
) -> Iterator[Tile]:
    """Cut a scan into tiles with a halo.

    Parameters
    ----------
    shape
        Pixels of the scan per spatial axis.
    size
        The most pixels per axis that a tile keeps; rounded down to a multiple of ``alignment``, but never to 0.
    halo
        The fewest pixels of halo on each side, per axis; rounded up to a multiple of ``alignment``.
    alignment
        A tile with its halo begins and ends at multiples of this number, counted from the first pixel of the scan. So
        networks that downsample the image group the same pixels in every tile, also when a tile is flipped or rotated.
    region
        The part of the scan to cover; None for all of it.

    Yields
    ------
    Tile
        Tiles whose kept parts are disjoint and cover the scan or the region. They begin at the multiple of
        ``alignment`` at or before the first pixel of the region.
    """
    size = [max(step - step % alignment, alignment) for step in size]
    halo = [rim + -rim % alignment for rim in halo]
    parts = region or tuple(slice(0, extent) for extent in shape)
    starts = [
        range(part.start - part.start % alignment, part.stop, step) for part, step in zip(parts, size, strict=True)
    ]
    for corner in product(*starts):
        keep, read, mirrored, inner = [], [], [], []
        for start, extent, part, step, rim in zip(corner, shape, parts, size, halo, strict=True):
            stop = min(start + step, part.stop)
            end = stop + -stop % alignment + rim
            first, last = max(start - rim, 0), min(end, extent)
            keep.append(slice(start, stop))
            read.append(slice(first, last))
            mirrored.append((first - (start - rim), end - last))
            inner.append(slice(rim, rim + stop - start))
        yield Tile(tuple(keep), tuple(read), tuple(mirrored), tuple(inner))


def choose_size(
    shape: Sequence[int], halo: Sequence[int], comfortable: int, most: int, alignment: int = 1
) -> tuple[int, ...]:
    """Choose how many pixels per axis a tile keeps.

    A scan that fits is one tile. Otherwise its axes are cut into equal parts.

    Parameters
    ----------
    shape, halo
        Pixels of the scan, and of the halo on each side, per spatial axis.
    comfortable
        Approximate number of pixels of a tile with its halo. It is doubled as long as halos make the network compute
        more than ``WASTE`` times the pixels of the uncut scan.
    most
        The most pixels of a tile with its halo. It is exceeded only if all axes would be cut shorter than ``SHORTEST``
        (or ``alignment``).
    alignment
        Lengths are rounded up to multiples of this number.

    Returns
    -------
    tuple of int
        Pixels per spatial axis.
    """
    halo = [rim + -rim % alignment for rim in halo]
    room = min(comfortable, most)
    while True:
        parts = _cut_in_parts(shape, halo, room, alignment)
        uncut = math.prod(extent + 2 * rim for extent, rim in zip(shape, halo, strict=True))
        computed = math.prod(extent + 2 * rim * n for extent, rim, n in zip(shape, halo, parts, strict=True))
        if computed <= WASTE * uncut or room >= most:
            return _sizes(shape, parts, alignment)
        room = min(2 * room, most)


def _cut_in_parts(shape: Sequence[int], halo: Sequence[int], room: int, alignment: int) -> list[int]:
    """In how many parts each axis is cut so that a tile with its halo has at most ``room`` pixels."""
    parts = [1] * len(shape)
    while True:
        sizes = _sizes(shape, parts, alignment)
        if math.prod(size + 2 * rim for size, rim in zip(sizes, halo, strict=True)) <= room:
            return parts
        long = [axis for axis, size in enumerate(sizes) if size > max(SHORTEST, alignment)]
        if not long:
            return parts
        # For a given number of pixels, tiles with lengths in proportion to the halo waste least.
        axis = max(long, key=lambda axis: sizes[axis] / (halo[axis] + 1))
        while _sizes(shape, parts, alignment)[axis] == sizes[axis]:
            parts[axis] += 1


def _sizes(shape: Sequence[int], parts: Sequence[int], alignment: int) -> tuple[int, ...]:
    """Lengths of tiles that cut every axis in equal parts, rounded up to ``alignment``."""
    shares = [-(-extent // n) for extent, n in zip(shape, parts, strict=True)]
    return tuple(share + -share % alignment for share in shares)
