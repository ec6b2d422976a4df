"""Tiles with a halo: a scan larger than memory, read, predicted and written piece by piece, exactly.

There is one policy for the end of a scan: it continues as its mirror image. A tile is read with a halo as wide as the
receptive radius; where the scan ends, the halo is the mirror image. What the networks compute inside the halo is
dropped, so the kept part of a tile equals the same part of the whole image, and no network ever sees a border.
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
# Pixels per axis of a tile where only a few pixels of a scan are wanted.
DEFAULT_TILE = {2: (256, 256), 3: (48, 64, 64)}
# How many times the pixels of an uncut scan may be computed because of halos, before tiles are made larger.
WASTE = 1.3
# Tiles as short as this along an axis are not cut again, however little memory there is.
SHORTEST = 8


@dataclass(frozen=True)
class Tile:
    """``keep`` is what the tile contributes to the scan, ``read`` what it needs of it, ``mirrored`` how many pixels per
    axis and side have to be added to the latter, and ``inner`` where ``keep`` then lies in the result."""

    keep: Region
    read: Region
    mirrored: tuple[tuple[int, int], ...]
    inner: Region

    def complete(self, image: NDArray[Scalar]) -> NDArray[Scalar]:
        """What was read, (C, *read), with the halo completed by mirroring: (C, *keep plus halo)."""
        return mirror(image, self.mirrored)


def mirror(image: NDArray[Scalar], widths: Sequence[tuple[int, int]]) -> NDArray[Scalar]:
    """Continue an image as its mirror image.

    The mirror stands behind the outermost pixel, which is so repeated: beside it lies another pixel as often as inside
    the scan. (With the mirror on that pixel, the error of the CT demo is 0.2 dB higher.)

    Parameters
    ----------
    image
        (..., *spatial).
    widths
        Pixels before and after each spatial axis. Images narrower than that are mirrored more than once.

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
    """Cut a scan into tiles, each with what its halo needs.

    Parameters
    ----------
    shape
        Pixels of the scan per spatial axis, like all numbers here.
    size
        The most pixels that a tile keeps.
    halo
        The fewest pixels that a tile has to every side of them.
    alignment
        What a tile holds with its halo begins and ends at multiples of it, counted from the first pixel of the scan:
        networks that halve their image then see the same pairs of pixels in every tile, also in one that is turned
        around.
    region
        The part of the scan to be covered; all of it where None.

    Yields
    ------
    Tile
        The kept parts are disjoint and cover the scan, or the region from the multiple of ``alignment`` at or before
        its first pixel.
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
    """How many pixels per axis a tile should keep.

    A scan that fits is one tile. Where it does not, its axes are cut in equal parts.

    Parameters
    ----------
    shape, halo
        Pixels of the scan, and of the halo to every side, per spatial axis.
    comfortable
        About how many pixels a tile has with its halo; twice, four times ... as many while halos are a burden
        (``WASTE``).
    most
        The most pixels that it may have, unless tiles get as short as ``SHORTEST``.
    alignment
        Lengths are rounded up to multiples of it.

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
        # For a given number of pixels, tiles whose lengths are in proportion to the halo waste least.
        axis = max(long, key=lambda axis: sizes[axis] / (halo[axis] + 1))
        while _sizes(shape, parts, alignment)[axis] == sizes[axis]:
            parts[axis] += 1


def _sizes(shape: Sequence[int], parts: Sequence[int], alignment: int) -> tuple[int, ...]:
    """Lengths of tiles that cut every axis in equal parts, rounded up to ``alignment``."""
    shares = [-(-extent // n) for extent, n in zip(shape, parts, strict=True)]
    return tuple(share + -share % alignment for share in shares)
