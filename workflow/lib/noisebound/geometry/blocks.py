"""Cutting images, boxes and volumes into blocks: for statistics, for reading in pieces, for resampling."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .boxes import Box, Region

# Regions read at once; multiples of the files' chunks.
_READ = {2: (512, 512), 3: (32, 128, 128)}


def blocks_of(lower: Sequence[int], upper: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Cut a box into regions of bounded size, on a grid that fits the chunks of the files (2-D or 3-D)."""
    sizes = _READ[len(lower)]
    first = [low // size for low, size in zip(lower, sizes, strict=True)]
    number = [-(-high // size) - start for high, size, start in zip(upper, sizes, first, strict=True)]
    for index in np.ndindex(*number):
        starts = [(i + start) * size for i, start, size in zip(index, first, sizes, strict=True)]
        yield tuple(
            slice(max(start, low), min(start + size, high))
            for start, size, low, high in zip(starts, sizes, lower, upper, strict=True)
        )


def slabs(shape: Sequence[int], n_channels: int, budget: int = 1 << 23) -> Iterator[Region]:
    """Cut an image into slabs along its first axis of at most about ``budget`` values, whole chunks thick."""
    thickness = 16 if len(shape) == 3 else 256
    per_line = n_channels * math.prod(shape[1:])
    step = max(1, budget // (per_line * thickness)) * thickness
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])), *(slice(0, size) for size in shape[1:]))


def block_labels(shape: Sequence[int], block: int) -> tuple[NDArray[np.intp], int]:
    """Number the blocks of about ``block`` px per axis that an image of ``shape`` is cut into; labels and their count.

    A remainder does not make a thin block: each axis is cut into round(extent / block) nearly equal parts.
    """
    labels = np.zeros(tuple(shape), dtype=np.intp)
    total = 1
    for axis, extent in enumerate(shape):
        parts = max(1, round(extent / block))
        part = np.repeat(np.arange(parts), [len(piece) for piece in np.array_split(np.arange(extent), parts)])
        labels = labels * parts + part.reshape([-1 if other == axis else 1 for other in range(len(shape))])
        total *= parts
    return labels, total


def count_blocks(boxes: Sequence[Box], block: int) -> int:
    """Number of blocks of ``block`` px per axis that the boxes are cut into (remainders join their neighbour)."""
    return sum(math.prod(max(1, round(extent / block)) for extent in box.shape) for box in boxes)


def blocks_of_box(box: Box, side: int) -> Iterator[tuple[Region, list[Region]]]:
    """The blocks of a box, row by row: the region that a row covers, and its blocks relative to that region.

    Each axis is cut into round(extent / side) nearly equal parts, as in ``metrics.block_labels``.
    """
    axes = []
    for low, high in zip(box.lower, box.upper, strict=True):
        parts = max(1, round((high - low) / side))
        ends = [low + round(i * (high - low) / parts) for i in range(parts + 1)]
        axes.append([slice(a, b) for a, b in pairwise(ends)])
    for first in axes[0]:
        row = (first, *(slice(box.lower[i], box.upper[i]) for i in range(1, len(axes))))
        inside: list[Region] = [(slice(0, first.stop - first.start),)]
        for axis, parts_of_axis in enumerate(axes[1:], 1):
            start = box.lower[axis]
            inside = [
                (*region, slice(part.start - start, part.stop - start)) for region in inside for part in parts_of_axis
            ]
        yield row, inside
