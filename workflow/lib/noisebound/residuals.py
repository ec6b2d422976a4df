"""Signs of invented or lost structure that need no reference: what is left of the noise, and places without structure.

If the denoised image is right, noisy minus denoised is noise and nothing else, so neighbouring residuals have nothing
to do with each other; and where the noisy image shows no structure, the denoised one should not either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

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


def gains(noisy_means: Doubles, median_means: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """Gain and offset, (C,) each, with noisy = gain * denoised + offset, from means of blocks (N, C).

    For ``counts`` the offset is 0 and the gain the ratio of their sums; else they are those of the regression of one on
    the other, with gain 1 where the image has no contrast.
    """
    if counts:
        total = median_means.sum(axis=0)
        gain = np.where(total > 0, noisy_means.sum(axis=0) / np.where(total > 0, total, 1.0), 1.0)
        return gain, np.zeros_like(gain)
    x, y = (values - values.mean(axis=0) for values in (median_means, noisy_means))
    square = np.square(x).sum(axis=0)
    slope = (x * y).sum(axis=0) / np.where(square > 0, square, 1.0)
    gain = np.where(square > 0, slope, 1.0)
    return gain, noisy_means.mean(axis=0) - gain * median_means.mean(axis=0)


def disagreement(noisy: Doubles, image: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """How a noisy block contradicts its denoised image, per channel, in units of its noise: ``level`` and ``pattern``.

    Both are (C, *spatial) in units of the noisy frame, n pixels per channel. ``level``: mean of noisy minus image over
    s / sqrt(n), with the noisy block's standard deviation s, of ``counts`` at least that of the image's Poisson noise.
    ``pattern``: minus the covariance of noisy minus image with the image, over the latter's deviation and s / sqrt(n).
    Both are about standard normal where the image is right. An image that shows a pattern the noisy block lacks has
    it positive; one that follows the noise has it negative. For noise that is independent from pixel to pixel.
    """
    y, m = (values.reshape(len(values), -1).astype(np.float64) for values in (noisy, image))
    size = y.shape[1]
    variance = y.var(axis=1)
    if counts:
        variance = np.maximum(np.maximum(variance, m.mean(axis=1)), 1 / size)
    known = variance > 0
    scale = np.sqrt(np.where(known, variance, 1.0) / size)
    level = np.where(known, (y - m).mean(axis=1) / scale, 0.0)
    own = m - m.mean(axis=1, keepdims=True)
    spread = own.std(axis=1)
    against = -((y - m) * own).mean(axis=1) / np.where(spread > 0, spread, 1.0)
    return level, np.where(known & (spread > 0), against / scale, 0.0)


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
    input shows structure; ``level`` and ``pattern`` (N, C), see ``disagreement``.

    ``beyond`` (N, C) is the share of a block's pixels whose interval leaves out the level of the denoised block, and
    ``off`` (N, C) that of pixels whose interval leaves out the level of the noisy one; both NaN without intervals.
    ``lower`` and ``upper`` (N, D) are the ends of the blocks in pixels of the scan.
    """

    correlation: Doubles
    flat: NDArray[np.bool_]
    level: Doubles
    pattern: Doubles
    beyond: Doubles
    off: Doubles
    lower: NDArray[np.int64]
    upper: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence[Residuals]) -> Residuals:
        """All blocks of several scans."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def describe_residuals(
    scan: Scan,
    ensemble: Predictions,
    intervals: Predictions | None,
    boxes: Sequence[Box],
    side: int,
    gain: Doubles,
    offset: Doubles,
) -> Residuals:
    """Residuals of the delivered frame in all blocks of ``boxes``, in their order in ``blockstats.describe_blocks``.

    The residual is the noisy value minus ``gain`` (C,) times the ensemble's median, both after the Anscombe transform
    for counts. ``intervals`` is the denoised file, or None where intervals do not matter. The level of a denoised block
    is the median of its pixels, that of a noisy one its mean, less ``offset`` (C,), over ``gain``.
    """
    shifts = lags(scan.ndim)
    transform = "anscombe" if scan.counts else "none"
    ones = (1,) * scan.ndim
    slope, start = gain.reshape(-1, *ones), offset.reshape(-1, *ones)
    found: dict[str, list[Any]] = {field.name: [] for field in fields(Residuals)}
    for box in boxes:
        for row, blocks in blocks_of_box(box, side):
            raw = scan.read_frame(ensemble.frame, row).astype(np.float64)
            noisy = stabilise(raw, transform).astype(np.float64)
            median = ensemble.read("median", row)
            scaled = median * slope
            residual = noisy - stabilise(np.maximum(scaled, 0) if scan.counts else scaled, transform)
            ends = [intervals.read(kind, row) for kind in ("lower", "upper")] if intervals is not None else None
            for inside in blocks:
                where = (slice(None), *inside)
                found["correlation"].append(autocorrelation(residual[where], shifts))
                found["flat"].append(all(without_structure(channel) >= FLAT for channel in noisy[where]))
                level, pattern = disagreement(raw[where], scaled[where] + start, scan.counts)
                found["level"].append(level)
                found["pattern"].append(pattern)
                found["lower"].append([part.start + own.start for part, own in zip(row, inside, strict=True)])
                found["upper"].append([part.start + own.stop for part, own in zip(row, inside, strict=True)])
                levels = {"beyond": np.median(median[where].reshape(len(median), -1), axis=1)}
                with np.errstate(divide="ignore", invalid="ignore"):
                    levels["off"] = (raw[where].reshape(len(median), -1).mean(axis=1) - offset) / gain
                for name, value in levels.items():
                    share = np.full(len(median), np.nan)
                    if ends is not None:
                        at = value.reshape(-1, *ones)
                        outside = (ends[0][where] > at) | (ends[1][where] < at)
                        share = outside.reshape(len(median), -1).mean(axis=1)
                    found[name].append(share)
    channels = len(scan.channels)
    shapes = {"correlation": (-1, channels, len(shifts)), "flat": (-1,), "lower": (-1, scan.ndim)}
    shapes["upper"] = shapes["lower"]
    kinds = {"flat": bool, "lower": np.int64, "upper": np.int64}
    return Residuals(
        **{
            name: np.array(values, dtype=kinds.get(name, np.float64)).reshape(shapes.get(name, (-1, channels)))
            for name, values in found.items()
        }
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
