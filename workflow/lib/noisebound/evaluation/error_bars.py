"""Intervals of 95 % for shares and ratios over pixels that resemble their neighbours.

Pixels of one image are not independent, and neither are neighbouring blocks of them. Several estimates of the error are
made, and the interval holds those of all of them:

- t intervals over blocks of several sides, corrected for skewness (P. Hall, "On the removal of skewness by
  transformation", J. R. Stat. Soc. B 54 (1992) 221-228);
- an interval from a model of how residuals resemble each other over distance, white noise and a correlated part,
  averaged over lengths, strengths and shapes of the correlation by their likelihood (P. Whittle, "On stationary
  processes in the plane", Biometrika 41 (1954) 434-449);
- a t interval from the few lowest frequencies of the residuals (U. Mueller, "A theory of robust long-run variance
  estimation", J. Econometrics 141 (2007) 1331-1352);
- where there are several boxes, a t interval over boxes.

Where fewer than ``LEAST_PLACES`` independent places remain there is no interval. Chosen by simulation; see
``benchmarks/promises/error_bars.py`` for how often the intervals hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.fft import dctn
from scipy.stats import t as student

from ..core.statistics import LEAST_PLACES

Doubles = NDArray[np.float64]
Interval = tuple[float, float]

# From fewer blocks than this, correlation over their side cannot be told from none.
LEAST_BLOCKS = 12
LEVEL = 0.95
# Side of a cell in px, and largest number of cells of a box; boxes with more get larger cells.
_CELL, _MOST_CELLS = 4, 4096
# Fewest blocks of a side that give a t interval; sides beyond twice ``block`` take more.
_FEWEST, _MANY = 6, 16
# Cosine coefficients of each box that count as low frequencies.
_LOWEST = 5
# The correlated part: lengths in px, its power at frequency 0 over that of the white part, and the smoothness of the
# Matern family (infinite: Gaussian). Coverage maps have sharp edges, so rough ones belong to it.
_LENGTHS = np.geomspace(2.0, 32.0, 9)
_POWERS = np.array([0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
_SMOOTHNESS = (0.5, 1.5, math.inf)
# Weight of white noise alone before the data are seen.
_WHITE = 0.5
# Where places are few, the model counts this many times as many as there are (see the study).
_OPTIMISM = 1.5
NONE: Interval = (math.nan, math.nan)


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


def _blocks(part: CellSums, side: float) -> Doubles:
    """Flat sums over blocks of about ``side`` px."""
    sums = part.sums
    for axis, extent in zip(part.axes, part.shape, strict=True):
        sums = _cut(sums, axis, min(sums.shape[axis], max(1, round(extent / side))))
    return sums.ravel()


def interval(
    estimate: float, residuals: Sequence[CellSums], weights: Sequence[CellSums], block: int, share: bool = False
) -> Interval:
    """Compute the 95 % interval of a number that sums over pixels make.

    Parameters
    ----------
    estimate
        The number.
    residuals
        One entry per box, (*cells): how far each cell moves the estimate. They sum to 0, and the variance of their sum
        under repetition is that of the estimate. For a share these are (hits - share * counts) / total count.
    weights
        One entry per box, (*cells): number of pixels of each cell.
    block
        Side in px of the blocks that are counted as places where nothing resembles its neighbours.
    share
        Whether the estimate is a share between 0 and 1.

    Returns
    -------
    tuple of float
        Low and high; NaN where there are fewer than ``LEAST_PLACES`` independent places, or so few blocks that these
        cannot be counted.
    """
    counted = _kish(np.concatenate([_blocks(part, block) for part in weights]))
    if not math.isfinite(estimate) or round(counted) < LEAST_BLOCKS:
        return NONE
    if not any(part.sums.any() for part in residuals):
        return _without_variation(estimate, counted) if share else NONE
    model, places = _modelled(residuals, weights)
    if places < LEAST_PLACES:
        return NONE
    ends = [
        _wilson(estimate, half) if share and 0 < estimate < 1 else (estimate - half, estimate + half)
        for half in (model, _from_low_frequencies(residuals))
    ]
    ends += [skew_t(estimate, values) for values in _levels(residuals, weights, block)]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    return (max(low, 0.0), min(high, 1.0)) if share else (low, high)


def interval_over_fields(estimate: float, residuals: ArrayLike, share: bool = False) -> Interval:
    """Compute the 95 % interval of a number that sums over independent fields of view make.

    Parameters
    ----------
    estimate
        The number.
    residuals
        How far each field moves the estimate (see :func:`interval`), one number per field.
    share
        Whether the estimate is a share between 0 and 1.

    Returns
    -------
    tuple of float
        Low and high; NaN where there are fewer than ``LEAST_PLACES`` fields.
    """
    values = np.asarray(residuals, dtype=np.float64)
    if values.size < LEAST_PLACES or not math.isfinite(estimate):
        return NONE
    if not values.any():
        return _without_variation(estimate, values.size) if share else NONE
    low, high = skew_t(estimate, values)
    return (max(low, 0.0), min(high, 1.0)) if share else (low, high)


def skew_t(estimate: float, residuals: Doubles) -> Interval:
    """Compute a t interval over independent units, corrected for skewness (Hall 1992).

    Parameters
    ----------
    estimate
        The number.
    residuals
        How far each unit moves it, one number per unit; they sum to 0.

    Returns
    -------
    tuple of float
        Low and high. With fewer than 8 units skewness cannot be told and is not corrected.
    """
    n = residuals.size
    t = float(student.ppf((1 + LEVEL) / 2, n - 1))
    root = float(np.sqrt(np.square(residuals).mean()))
    deviation = n * root * math.sqrt(n / (n - 1))
    step = t / math.sqrt(n)
    if not root:
        return estimate, estimate
    skew = float((residuals**3).mean()) / root**3 if n >= LEAST_PLACES else 0.0
    return estimate - _unskewed(step, skew, n) * deviation, estimate - _unskewed(-step, skew, n) * deviation


def _unskewed(step: float, skew: float, n: int) -> float:
    """Where Hall's cubic transformation of the studentised mean takes the value ``step`` (both over sqrt(n))."""
    if abs(skew) < 1e-6:
        return step
    inner = 1 + skew * (step - skew / (6 * n))
    return float(np.cbrt(inner) - 1) * 3 / skew


def _levels(residuals: Sequence[CellSums], weights: Sequence[CellSums], block: int) -> list[Doubles]:
    """Residuals of blocks with pixels, for half of ``block``, ``block``, twice it and so on; and of boxes."""
    found, side = [], block / 2
    while True:
        sums = np.concatenate([_blocks(part, side) for part in residuals])
        present = np.concatenate([_blocks(part, side) for part in weights]) > 0
        if present.sum() < (_FEWEST if side <= 2 * block else _MANY):
            break
        found.append(sums[present])
        # The sum of a box does not change any more where it is one block.
        if present.size == len(residuals):
            break
        side *= 2
    boxes = np.array([part.sums.sum() for part in residuals])
    return [*found, boxes] if boxes.size >= _FEWEST else found


def _kish(weights: Doubles) -> float:
    """Effective number of blocks with unequal numbers of pixels (L. Kish, "Survey Sampling", 1965)."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _without_variation(estimate: float, places: float) -> Interval:
    """Where all places have the share 0 or all have 1: at most so many further places can have another."""
    least = ((1 - LEVEL) / 2) ** (1 / places)
    return (least, 1.0) if estimate > 0.5 else (0.0, 1 - least)


def _wilson(share: float, half: float) -> Interval:
    """The interval of E. B. Wilson (1927), for as many independent pixels as make the half width ``half``."""
    z2 = half**2 / (share * (1 - share))
    middle = (share + z2 / 2) / (1 + z2)
    reach = math.sqrt(z2 * (share * (1 - share) + z2 / 4)) / (1 + z2)
    return middle - reach, middle + reach


def _modelled(residuals: Sequence[CellSums], weights: Sequence[CellSums]) -> tuple[float, float]:
    """Half width of the interval of the model, and the number of independent places.

    Cosine transforms of the residuals have nearly independent coefficients, whose variance is the spectrum of the
    residuals at their frequency. The estimate's error is that at frequency 0.
    """
    powers, spectra, cells = [], [], 0
    for part in residuals:
        coefficients = np.square(dctn(part.sums, norm="ortho")).ravel()
        spectrum = _spectra(part.shape, part.sums.shape)
        # The mean of one box says nothing, because the estimate was subtracted; that of several does.
        first = 1 if len(residuals) == 1 else 0
        powers.append(coefficients[first:])
        spectra.append(spectrum[:, first:])
        cells += part.sums.size
    observed, shapes = np.concatenate(powers), np.concatenate(spectra, axis=1)
    # White alone first, then every pair of a shape and a power.
    logs, scales, at_zero, waves = [], [], [], []
    for power, own in [(0.0, shapes[:1]), *((power, shapes) for power in _POWERS)]:
        model = 1 + power * own
        scale = (observed / model).mean(axis=1)
        logs.append(-0.5 * np.log(model).sum(axis=1) - 0.5 * observed.size * np.log(scale))
        scales.append(scale)
        at_zero.append(np.full(len(own), 1 + power))
        # Waves with at least half of the power at frequency 0 tell of it: as many as there are independent places.
        waves.append((model >= (1 + power) / 2).sum(axis=1))
    log = np.concatenate(logs)
    prior = np.full(log.size, (1 - _WHITE) / (log.size - 1))
    prior[0] = _WHITE
    weight = prior * np.exp(log - log.max())
    weight /= weight.sum()
    error = np.sqrt(np.concatenate(scales) * np.concatenate(at_zero) * cells)
    kish = _kish(np.concatenate([part.sums.ravel() for part in weights])) / cells
    # Long correlations too weak to matter stay possible whatever the data, hence the geometric mean.
    places = kish * float(np.exp(weight @ np.log(np.maximum(np.concatenate(waves), 1)))) / _OPTIMISM
    return _mixture(weight, error, observed.size), places


def _from_low_frequencies(residuals: Sequence[CellSums]) -> float:
    """Half width of the t interval from the lowest frequencies, where the spectrum is nearly that at frequency 0."""
    powers = []
    for part in residuals:
        axes = [np.square(np.arange(n) / extent) for n, extent in zip(part.sums.shape, part.shape, strict=True)]
        squared = np.sum(np.meshgrid(*axes, indexing="ij"), axis=0).ravel()
        lowest = np.argsort(squared, kind="stable")[1 : _LOWEST + 1]
        powers.append(np.square(dctn(part.sums, norm="ortho").ravel()[lowest]))
    power, cells = np.concatenate(powers), sum(part.sums.size for part in residuals)
    return float(student.ppf((1 + LEVEL) / 2, power.size)) * math.sqrt(float(power.mean()) * cells)


def _mixture(weight: Doubles, error: Doubles, freedom: int) -> float:
    """The half width beyond which a mixture of scaled t distributions has 1 - LEVEL of its weight."""
    kept = weight > 1e-4
    weight, error = weight[kept] / weight[kept].sum(), error[kept]
    low, high = 0.0, 20.0 * float(error.max())
    for _ in range(40):
        middle = (low + high) / 2
        outside = float(weight @ student.sf(middle / error, freedom))
        low, high = (middle, high) if outside > (1 - LEVEL) / 2 else (low, middle)
    return high


@cache
def _spectra(shape: tuple[int, ...], cells: tuple[int, ...]) -> Doubles:
    """Spectra of the correlated part at the frequencies of the cosine transform, 1 at 0: (shapes, coefficients)."""
    axes = [np.arange(n) / (2 * extent) for n, extent in zip(cells, shape, strict=True)]
    grid = np.meshgrid(*axes, indexing="ij")
    squared = np.sum([np.square(part) for part in grid], axis=0).ravel()
    # Sums over cells damp what varies inside of them.
    damped = np.prod(
        [np.sinc(part * extent / n) ** 2 for part, extent, n in zip(grid, shape, cells, strict=True)], axis=0
    ).ravel()
    rows = []
    for smoothness in _SMOOTHNESS:
        for length in _LENGTHS:
            x = (2 * np.pi * length) ** 2 * squared
            rows.append(damped * (np.exp(-x) if smoothness == math.inf else (1 + x) ** -(smoothness + len(shape) / 2)))
    return np.array(rows)
