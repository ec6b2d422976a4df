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

from ..core.variance import stabilise
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..geometry.boxes import Box
from .block_statistics import Doubles

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


@dataclass(frozen=True, eq=False)
class Expected:
    """What a denoised image lets one expect of the reference and of the noisy frame, fitted on the calibrate regions.

    ``gain`` and ``offset`` (C,): noisy = gain * median + offset, for means over blocks. ``knots`` and ``shift`` (C, M):
    what the mean of the reference exceeds the median by in single pixels, linear between knots of the median and
    constant beyond. ``mean_gain`` and ``mean_offset`` (C,): noisy = mean_gain * mean + mean_offset.

    The median of few counts lies below their mean, by more or less with the intensity. A block's level is told best by
    its mean of medians, for the mean estimated in a pixel is drawn towards that of all pixels; a pattern within the
    block is one only as far as it shows in the estimated mean.
    """

    gain: Doubles
    offset: Doubles
    knots: Doubles
    shift: Doubles
    mean_gain: Doubles
    mean_offset: Doubles

    def mean(self, median: NDArray[np.floating], counts: bool) -> Doubles:
        """Estimated mean of the reference, float64 (C, *spatial), from the ensemble's median; of ``counts`` >= 0."""
        return shifted(median, self.knots, self.shift, counts)

    def level(self, median: NDArray[np.floating]) -> Doubles:
        """The expected noisy frame as far as means over blocks go, float64 (C, *spatial)."""
        return _linear(median.astype(np.float64), self.gain, self.offset)

    def pattern(self, mean: Doubles) -> Doubles:
        """The expected noisy frame, float64 (C, *spatial), where the reference has this estimated ``mean``."""
        return _linear(mean, self.mean_gain, self.mean_offset)


def shifted(median: NDArray[np.floating], knots: Doubles, shift: Doubles, counts: bool) -> Doubles:
    """``median`` (C, *spatial) plus the ``shift`` (C, M) at ``knots`` (C, M), float64; of ``counts`` at least 0."""
    found = np.stack([m + np.interp(m, x, y) for m, x, y in zip(median.astype(np.float64), knots, shift, strict=True)])
    return np.maximum(found, 0) if counts else found


def _linear(values: Doubles, gain: Doubles, offset: Doubles) -> Doubles:
    ones = (-1,) + (1,) * (values.ndim - 1)
    result: Doubles = values * gain.reshape(ones) + offset.reshape(ones)
    return result


def disagreement(noisy: Doubles, level: Doubles, pattern: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """How a noisy block contradicts its denoised image, per channel, in units of its noise: by level and by pattern.

    ``noisy`` and the two images of what is expected of it are (C, *spatial) in units of the noisy frame, n pixels per
    channel; results are (C,). By level: mean of noisy minus ``level`` over s / sqrt(n), with the noisy block's standard
    deviation s, of ``counts`` at least that of the image's Poisson noise. By pattern: minus the covariance of noisy
    minus ``pattern`` with ``pattern``, over the latter's deviation and s / sqrt(n). Both are about standard normal
    where the image is right. An image that shows a pattern the noisy block lacks has it positive; one that follows the
    noise has it negative. For noise that is independent from pixel to pixel.
    """
    y, even, m = (values.reshape(len(values), -1).astype(np.float64) for values in (noisy, level, pattern))
    size = y.shape[1]
    variance = y.var(axis=1)
    if counts:
        variance = np.maximum(np.maximum(variance, even.mean(axis=1)), 1 / size)
    known = variance > 0
    scale = np.sqrt(np.where(known, variance, 1.0) / size)
    by_level = np.where(known, (y - even).mean(axis=1) / scale, 0.0)
    centre = m.mean(axis=1)
    own = m - centre[:, None]
    spread = own.std(axis=1)
    # Less contrast than that is rounding.
    varies = spread > 1e-6 * np.maximum(scale, np.abs(centre))
    against = -((y - m) * own).mean(axis=1) / np.where(varies, spread, 1.0)
    return by_level, np.where(known & varies, against / scale, 0.0)


def without_structure(values: NDArray[np.floating]) -> Doubles:
    """Chance that white noise of a block's own strength makes the means of its cells differ as much as they do; (C,).

    ``values`` are the channels of a noisy block, (C, [Z], Y, X), their variance made constant. Analysis of variance:
    cells of 4 x 4 px (all Z), F = variance between cells over that within them. NaN where the block has fewer than 4
    cells.
    """
    planes = values.reshape(len(values), -1, *values.shape[-2:]).astype(np.float64)
    rows, columns = planes.shape[-2] // CELL, planes.shape[-1] // CELL
    if rows * columns < 4:
        return np.full(len(values), math.nan)
    cut = planes[..., : rows * CELL, : columns * CELL].reshape(*planes.shape[:2], rows, CELL, columns, CELL)
    cells = cut.transpose(0, 2, 4, 1, 3, 5).reshape(len(planes), rows * columns, -1)
    number, size = cells.shape[1:]
    means = cells.mean(axis=2)
    between = size * means.var(axis=1, ddof=1)
    freedom = number * (size - 1)
    within = np.square(cells - means[..., None]).sum(axis=(1, 2)) / freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        chance: Doubles = fdtrc(number - 1, freedom, between / within)
    return np.where(within > 0, chance, np.where(between == 0, 1.0, 0.0))


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
    expected: Expected,
) -> Residuals:
    """Residuals of the delivered frame in all blocks of ``boxes``, in their order in ``blockstats.describe_blocks``.

    The residual is the noisy value minus the gain of ``expected`` times the ensemble's median, both after the Anscombe
    transform for counts. ``intervals`` is the denoised file, or None where intervals do not matter. The level of a
    denoised block is the median of the means that are estimated in its pixels, that of a noisy one its mean, less
    ``mean_offset``, over ``mean_gain``.
    """
    shifts = lags(scan.ndim)
    transform = "anscombe" if scan.counts else "none"
    channels, ones = len(scan.channels), (1,) * scan.ndim
    found: dict[str, list[NDArray[Any]]] = {field.name: [] for field in fields(Residuals)}
    for box in boxes:
        for row, blocks in blocks_of_box(box, side):
            raw = scan.read_frame(ensemble.frame, row).astype(np.float64)
            noisy = stabilise(raw, transform).astype(np.float64)
            median = ensemble.read("median", row)
            scaled = median * expected.gain.reshape(-1, *ones)
            residual = noisy - stabilise(np.maximum(scaled, 0) if scan.counts else scaled, transform)
            mean = expected.mean(median, scan.counts)
            images: list[NDArray[Any]] = [raw, noisy, residual, mean, expected.level(median), expected.pattern(mean)]
            if intervals is not None:
                images += [intervals.read(kind, row) for kind in ("lower", "upper")]
            sizes = [tuple(part.stop - part.start for part in inside) for inside in blocks]
            of_row: dict[str, NDArray[Any]] = {}
            for size in dict.fromkeys(sizes):
                same = [i for i, own in enumerate(sizes) if own == size]
                # Blocks of one size are described together, as if each were a few channels more.
                cut = [np.concatenate([image[(slice(None), *blocks[i])] for i in same]) for image in images]
                for name, values in _describe(cut, expected, shifts, scan.counts).items():
                    shape = (len(same), channels, *values.shape[1:])
                    of_row.setdefault(name, np.empty((len(blocks), *shape[1:]), values.dtype))[same] = values.reshape(
                        shape
                    )
            of_row["flat"] = np.all(of_row["flat"], axis=1)
            for name, end in (("lower", "start"), ("upper", "stop")):
                ends = [[a.start + getattr(b, end) for a, b in zip(row, inside, strict=True)] for inside in blocks]
                of_row[name] = np.array(ends, dtype=np.int64)
            for name, values in of_row.items():
                found[name].append(values)
    return Residuals(**{name: np.concatenate(values) for name, values in found.items()})


def _describe(
    images: Sequence[NDArray[Any]], expected: Expected, shifts: Sequence[tuple[int, ...]], counts: bool
) -> dict[str, NDArray[Any]]:
    """What ``Residuals`` holds of n blocks of one size, each with an axis of n C, block by block.

    ``images`` are (n C, *spatial): the raw and the stabilised noisy frame, the residual, the estimated mean, what is
    expected of the noisy frame by level and by pattern, and lower and upper ends of the intervals, or neither.
    """
    raw, noisy, residual, mean, even, pattern, *ends = images
    ones = (1,) * (raw.ndim - 1)
    gain, offset = (np.tile(values, len(raw) // len(values)) for values in (expected.mean_gain, expected.mean_offset))
    by_level, by_pattern = disagreement(raw, even, pattern, counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = {
            "beyond": np.median(mean.reshape(len(mean), -1), axis=1),
            "off": (raw.reshape(len(raw), -1).mean(axis=1) - offset) / gain,
        }
    shares = {name: np.full(len(raw), np.nan) for name in levels}
    if ends:
        for name, level in levels.items():
            at = level.reshape(-1, *ones)
            shares[name] = ((ends[0] > at) | (ends[1] < at)).reshape(len(raw), -1).mean(axis=1)
    flat = without_structure(noisy) >= FLAT
    return {
        "correlation": autocorrelation(residual, shifts),
        "flat": flat,
        "level": by_level,
        "pattern": by_pattern,
        **shares,
    }


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
