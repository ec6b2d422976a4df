"""Sums over small cells of boxes, from which blocks of any larger size are made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]

# Side of a cell in px, and largest number of cells of a box; boxes with more get larger cells.
_CELL, _MOST_CELLS = 4, 4096


@dataclass(frozen=True)
class CellSums:
    """Sums over the cells of one box.

    Attributes
    ----------
    sums
        float64 (..., *cells).
    shape
        Shape of the box in px.
    """

    sums: Doubles
    shape: tuple[int, ...]

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of ``sums`` along which cells are counted."""
        return tuple(range(-len(self.shape), 0))


def cells_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Compute into how many cells a box is cut along each axis.

    Parameters
    ----------
    shape
        Shape of the box in px, 2 or 3 numbers.

    Returns
    -------
    tuple of int
        Cells of about 4 px, or larger ones where there would be more than 4096. Where they are unequal, longer ones
        come first, as in ``geometry.blocks.block_labels``.
    """
    side = max(float(_CELL), (math.prod(shape) / _MOST_CELLS) ** (1 / len(shape)))
    return tuple(max(1, round(extent / side)) for extent in shape)


@cache
def cell_labels(shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Number the cell of each pixel of a box.

    Parameters
    ----------
    shape
        Shape of the box in px.

    Returns
    -------
    ndarray
        intp of ``shape``; cells of :func:`cells_of` are numbered from 0, row by row.
    """
    labels = np.zeros(shape, dtype=np.intp)
    cells = cells_of(shape)
    for axis, (extent, parts) in enumerate(zip(shape, cells, strict=True)):
        lengths = [len(piece) for piece in np.array_split(np.arange(extent), parts)]
        own = np.repeat(np.arange(parts), lengths)
        labels = labels * parts + own.reshape([-1 if other == axis else 1 for other in range(len(shape))])
    return labels


def cell_sums(values: ArrayLike, shape: Sequence[int]) -> CellSums:
    """Sum images over small cells.

    Parameters
    ----------
    values
        Numbers (..., *shape).
    shape
        Shape of the box, 2 or 3 numbers.

    Returns
    -------
    CellSums
        Sums over the cells of :func:`cells_of`.
    """
    sums = np.asarray(values, dtype=np.float64)
    for axis, parts in zip(range(-len(shape), 0), cells_of(shape), strict=True):
        sums = _cut(sums, axis, parts)
    return CellSums(sums, tuple(int(n) for n in shape))


def _cut(sums: Doubles, axis: int, parts: int) -> Doubles:
    """Sum along one axis over nearly equal parts, longer ones first."""
    extent = sums.shape[axis]
    small, longer = divmod(extent, parts)
    lengths = [small + 1] * longer + [small] * (parts - longer)
    return np.asarray(np.add.reduceat(sums, np.cumsum([0, *lengths[:-1]]), axis=axis))


def sums_of_blocks(part: CellSums, side: float) -> Doubles:
    """Sum cells over larger blocks.

    Parameters
    ----------
    part
        Sums over the cells of one box, (*cells).
    side
        Approximate side of a block in px.

    Returns
    -------
    ndarray
        Flat; nearly equal blocks, row by row.
    """
    sums = part.sums
    for axis, extent in zip(part.axes, part.shape, strict=True):
        sums = _cut(sums, axis, min(sums.shape[axis], max(1, round(extent / side))))
    return sums.ravel()


def effective_number(weights: Doubles) -> float:
    """Compute the effective number of blocks with unequal numbers of pixels.

    Parameters
    ----------
    weights
        Number of pixels of each block.

    Returns
    -------
    float
        The number of equal blocks that would be worth as much.

    References
    ----------
    L. Kish, "Survey Sampling" (1965).
    """
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
