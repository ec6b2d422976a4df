"""Images and boxes cut into blocks, for three purposes.

To read a file in pieces that fit its chunks, :func:`blocks_of` cuts a box along the grid of the chunks, and
:func:`slabs` cuts a whole image into slabs. To count or draw independent samples, :func:`block_labels` numbers the
blocks of an image pixel by pixel, and :func:`count_blocks` counts those of boxes. To compute statistics per block,
:func:`blocks_of_box` yields the blocks of a box row by row.

The last three cut each axis into the same number of nearly equal parts (:func:`parts_of_axis`), so that no thin block
is left over. If the parts are not equal, :func:`block_labels` puts the longer ones first, as ``numpy.array_split``
does, and :func:`blocks_of_box` spreads them. Results depend on both.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .boxes import Box, Region

# Pixels per axis of a region that is read at once; multiples of the files' chunks.
_READ = {2: (512, 512), 3: (32, 128, 128)}
# A slab has a multiple of so many lines or planes, which are whole chunks of the files.
_THICKNESS = {2: 256, 3: 16}
# Number of values of a slab: 32 MiB of float32.
_SLAB_VALUES = 1 << 23


def blocks_of(lower: Sequence[int], upper: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Cut a box into regions of bounded size for reading, along the grid of the files' chunks.

    Parameters
    ----------
    lower, upper
        First pixel of the box and the pixel behind its last, 2 or 3 numbers each ([z], y, x).

    Yields
    ------
    tuple of slice
        Disjoint regions that cover the box, row by row, of at most 512 x 512 or 32 x 128 x 128 px. The grid begins at
        pixel 0 of the image.
    """
    sizes = _READ[len(lower)]
    first = [low // size for low, size in zip(lower, sizes, strict=True)]
    number = [-(-high // size) - start for high, size, start in zip(upper, sizes, first, strict=True)]
    for index in np.ndindex(*number):
        starts = [(i + start) * size for i, start, size in zip(index, first, sizes, strict=True)]
        yield tuple(
            slice(max(start, low), min(start + size, high))
            for start, size, low, high in zip(starts, sizes, lower, upper, strict=True)
        )


def slabs(shape: Sequence[int], n_channels: int, budget: int = _SLAB_VALUES) -> Iterator[Region]:
    """Cut a whole image into slabs along its first axis, for reading or writing all of it.

    Parameters
    ----------
    shape
        Pixels per spatial axis, 2 or 3 numbers.
    n_channels
        Number of channels that are held in memory at once.
    budget
        Approximate number of values of a slab, all channels included. A slab is at least one chunk thick.

    Yields
    ------
    tuple of slice
        Disjoint regions that cover the image. All but the last are a whole number of chunks thick.
    """
    thickness = _THICKNESS[len(shape)]
    per_line = n_channels * math.prod(shape[1:])
    step = max(1, budget // (per_line * thickness)) * thickness
    for start in range(0, shape[0], step):
        yield (slice(start, min(start + step, shape[0])), *(slice(0, size) for size in shape[1:]))


def parts_of_axis(extent: int, side: int) -> int:
    """Compute into how many nearly equal parts an axis is cut.

    Parameters
    ----------
    extent
        Length of the axis in px.
    side
        Wanted length of a part in px.

    Returns
    -------
    int
        Number of parts, at least 1.
    """
    return max(1, round(extent / side))


def block_labels(shape: Sequence[int], block: int) -> tuple[NDArray[np.intp], int]:
    """Number the blocks of an image, for resampling them.

    Parameters
    ----------
    shape
        Pixels per axis of the image.
    block
        Approximate side of a block in px.

    Returns
    -------
    labels : array of intp
        The block of each pixel, of ``shape``; blocks are numbered from 0, row by row.
    count : int
        Number of blocks.
    """
    labels = np.zeros(tuple(shape), dtype=np.intp)
    total = 1
    for axis, extent in enumerate(shape):
        parts = parts_of_axis(extent, block)
        part = np.repeat(np.arange(parts), [len(piece) for piece in np.array_split(np.arange(extent), parts)])
        labels = labels * parts + part.reshape([-1 if other == axis else 1 for other in range(len(shape))])
        total *= parts
    return labels, total


def count_blocks(boxes: Sequence[Box], block: int) -> int:
    """Count the blocks of several boxes, as a number of independent samples.

    Parameters
    ----------
    boxes
        The boxes.
    block
        Approximate side of a block in px.

    Returns
    -------
    int
        Number of blocks in all boxes together.
    """
    return sum(math.prod(parts_of_axis(extent, block) for extent in box.shape) for box in boxes)


def blocks_of_box(box: Box, side: int) -> Iterator[tuple[Region, list[Region]]]:
    """Cut a box into blocks for statistics, so that one row of blocks is read at a time.

    Parameters
    ----------
    box
        The box.
    side
        Approximate side of a block in px.

    Yields
    ------
    row : tuple of slice
        The region of the image that one row of blocks along the first axis covers.
    blocks : list of tuple of slice
        The blocks of the row, relative to ``row``.
    """
    axes = []
    for low, high in zip(box.lower, box.upper, strict=True):
        parts = parts_of_axis(high - low, side)
        ends = [low + round(i * (high - low) / parts) for i in range(parts + 1)]
        axes.append([slice(a, b) for a, b in pairwise(ends)])
    for first in axes[0]:
        row = (first, *(slice(box.lower[i], box.upper[i]) for i in range(1, len(axes))))
        inside: list[Region] = [(slice(0, first.stop - first.start),)]
        for axis, parts_here in enumerate(axes[1:], 1):
            start = box.lower[axis]
            inside = [
                (*region, slice(part.start - start, part.stop - start)) for region in inside for part in parts_here
            ]
        yield row, inside
