"""Tiles with a halo: a scan larger than memory, read, predicted and written piece by piece, exactly.

A tile is read with a halo as wide as the receptive radius, clipped where the scan ends. There the networks pad with
zeros, just as they do for the whole scan, so the kept part of a tile equals the same part of the whole image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

Region = tuple[slice, ...]

# Pixels per axis that a tile keeps by default: features of some 100 channels stay within a few hundred MB.
DEFAULT_TILE = {2: (256, 256), 3: (48, 64, 64)}


@dataclass(frozen=True)
class Tile:
    """``keep`` is what the tile contributes, ``read`` what it needs, ``inner`` where ``keep`` lies inside ``read``."""

    keep: Region
    read: Region
    inner: Region


def tiles(shape: Sequence[int], size: Sequence[int], halo: Sequence[int]) -> Iterator[Tile]:
    """Cut ``shape`` into tiles of at most ``size`` kept pixels, each read with ``halo`` pixels to every side.

    The kept parts are disjoint and cover the scan. All numbers are pixels per spatial axis.
    """
    starts = [range(0, extent, step) for extent, step in zip(shape, size, strict=True)]
    for corner in product(*starts):
        keep, read, inner = [], [], []
        for start, extent, step, rim in zip(corner, shape, size, halo, strict=True):
            stop = min(start + step, extent)
            first, last = max(start - rim, 0), min(stop + rim, extent)
            keep.append(slice(start, stop))
            read.append(slice(first, last))
            inner.append(slice(start - first, stop - first))
        yield Tile(tuple(keep), tuple(read), tuple(inner))
