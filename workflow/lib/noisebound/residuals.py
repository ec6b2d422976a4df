"""Signs of invented or lost structure that need no reference: what is left of the noise, and places without structure.

If the denoised image is right, noisy minus denoised is noise and nothing else, so neighbouring residuals have nothing
to do with each other; and where the noisy image shows no structure, the denoised one should not either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from .blockstats import Doubles, blocks_of_box
from .predictions import Predictions
from .regions import Box
from .scans import Scan
from .transforms import stabilise

# Cells of so many pixels along Y and X whose means are compared to find structure in a noisy block.
CELL = 4
# A block counts as without structure if noise alone would make its cells differ as much with at least this chance.
FLAT = 0.1


def lags(ndim: int) -> tuple[tuple[int, ...], ...]:
    """Shifts at which residuals are correlated: 1 and 2 px along each axis and 1 px along the diagonal of Y and X."""
    single = [tuple(step if axis == own else 0 for axis in range(ndim)) for step in (1, 2) for own in range(ndim)]
    return (*single, (*(0 for _ in range(ndim - 2)), 1, 1))


def autocorrelation(residual: Doubles, shifts: Sequence[tuple[int, ...]]) -> Doubles:
    """Autocorrelation of one block of residuals, (C, *spatial) float64, at non-negative ``shifts``; (C, L).

    r(h) = mean over pairs of (e - m)(e' - m) / mean of (e - m)^2 with the block's mean m, plus 1 / n for n pixels,
    which makes it 0 on average for white noise. NaN where a residual is constant or the block too small for a shift.
    """
    channels = len(residual)
    centred = residual - residual.mean(axis=tuple(range(1, residual.ndim)), keepdims=True)
    variance = np.square(centred).reshape(channels, -1).mean(axis=1)
    size = math.prod(residual.shape[1:])
    found = np.full((channels, len(shifts)), np.nan)
    known = variance > 0
    for number, shift in enumerate(shifts):
        if any(step >= extent for step, extent in zip(shift, residual.shape[1:], strict=True)):
            continue
        here = centred[(slice(None), *(slice(0, extent - step) for step, extent in _pairs(shift, residual)))]
        there = centred[(slice(None), *(slice(step, None) for step in shift))]
        products = (here * there).reshape(channels, -1).mean(axis=1)
        found[known, number] = products[known] / variance[known] + 1 / size
    return found


def _pairs(shift: tuple[int, ...], residual: Doubles) -> list[tuple[int, int]]:
    return list(zip(shift, residual.shape[1:], strict=True))


def gains(noisy_means: Doubles, median_means: Doubles, counts: bool) -> Doubles:
    """How many units of the noisy frame one unit of the denoised image is, per channel, from means of blocks (N, C).

    For ``counts`` the ratio of their sums; else the slope of the regression of one on the other, and 1 where the image
    has no contrast.
    """
    if counts:
        total = median_means.sum(axis=0)
        return np.where(total > 0, noisy_means.sum(axis=0) / np.where(total > 0, total, 1.0), 1.0)
    x, y = (values - values.mean(axis=0) for values in (median_means, noisy_means))
    square = np.square(x).sum(axis=0)
    slope = (x * y).sum(axis=0) / np.where(square > 0, square, 1.0)
    return np.where(square > 0, slope, 1.0)


def without_structure(values: NDArray[np.floating]) -> float:
    """Chance that white noise of the block's own strength makes the means of its cells differ as much as they do.

    ``values`` is one channel of a noisy block, ([Z], Y, X), its variance made constant. Analysis of variance: cells of
    4 x 4 px (all Z), F = variance between cells over that within them. NaN where the block has fewer than 4 cells.
    """
    planes = values.reshape(-1, *values.shape[-2:]).astype(np.float64)
    rows, columns = planes.shape[-2] // CELL, planes.shape[-1] // CELL
    if rows * columns < 4:
        return math.nan
    cut = planes[:, : rows * CELL, : columns * CELL].reshape(len(planes), rows, CELL, columns, CELL)
    cells = cut.transpose(1, 3, 0, 2, 4).reshape(rows * columns, -1)
    between = cells.shape[1] * cells.mean(axis=1).var(ddof=1)
    freedom = cells.size - len(cells)
    within = np.square(cells - cells.mean(axis=1, keepdims=True)).sum() / freedom
    if within == 0:
        return 1.0 if between == 0 else 0.0
    return float(fdtrc(len(cells) - 1, freedom, between / within))


@dataclass(frozen=True, eq=False)
class Residuals:
    """Of N blocks: ``correlation`` (N, C, L), see ``autocorrelation``; ``flat`` (N,) blocks where no channel of the
    input shows structure; ``beyond`` (N, C) share of a block's pixels whose interval leaves out the block's level."""

    correlation: Doubles
    flat: NDArray[np.bool_]
    beyond: Doubles


def describe_residuals(
    scan: Scan,
    ensemble: Predictions,
    intervals: Predictions | None,
    boxes: Sequence[Box],
    side: int,
    gain: Doubles,
) -> Residuals:
    """Residuals of the delivered frame in all blocks of ``boxes``, in their order in ``blockstats.describe_blocks``.

    The residual is the noisy value minus ``gain`` (C,) times the ensemble's median, both after the Anscombe transform
    for counts. ``intervals`` is the denoised file, or None where intervals do not matter. The level of a block is the
    median of its denoised pixels.
    """
    shifts = lags(scan.ndim)
    correlation, flat, beyond = [], [], []
    transform = "anscombe" if scan.counts else "none"
    for box in boxes:
        for row, blocks in blocks_of_box(box, side):
            noisy = stabilise(scan.read_frame(ensemble.frame, row), transform).astype(np.float64)
            median = ensemble.read("median", row)
            scaled = median * gain.reshape(-1, *(1,) * scan.ndim)
            residual = noisy - stabilise(np.maximum(scaled, 0) if scan.counts else scaled, transform)
            ends = [intervals.read(kind, row) for kind in ("lower", "upper")] if intervals is not None else None
            for inside in blocks:
                where = (slice(None), *inside)
                correlation.append(autocorrelation(residual[where], shifts))
                if ends is None:
                    continue
                flat.append(all(without_structure(channel) >= FLAT for channel in noisy[where]))
                level = np.median(median[where].reshape(len(median), -1), axis=1).reshape(-1, *(1,) * scan.ndim)
                outside = (ends[0][where] > level) | (ends[1][where] < level)
                beyond.append(outside.reshape(len(median), -1).mean(axis=1))
    channels = len(scan.channels)
    return Residuals(
        np.array(correlation).reshape(-1, channels, len(shifts)),
        np.array(flat, dtype=bool),
        np.array(beyond, dtype=np.float64).reshape(-1, channels),
    )


def mean_and_error(values: Doubles) -> tuple[Doubles, Doubles]:
    """Mean over the first axis and its standard error, blocks taken as independent; NaN values are left out.

    The error is infinite where fewer than two values are known.
    """
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1)
    squares = np.where(known, np.square(values - mean), 0.0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(squares / (count - 1) / count)
    return np.where(count > 0, mean, np.nan), np.where(count > 1, error, np.inf)
