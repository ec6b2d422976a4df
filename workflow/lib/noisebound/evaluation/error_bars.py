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

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from ..core.certainty import LEAST_PLACES
from .cells import CellSums, Doubles, effective_number, sums_of_blocks
from .correlation_model import LEVEL, half_width_and_places, half_width_from_low_frequencies

Interval = tuple[float, float]

# From fewer blocks than this, correlation over their side cannot be told from none.
LEAST_BLOCKS = 12
# Fewest blocks of a side that give a t interval; sides beyond twice ``block`` take more.
_FEWEST, _MANY = 6, 16
NONE: Interval = (math.nan, math.nan)


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
    counted = effective_number(np.concatenate([sums_of_blocks(part, block) for part in weights]))
    if not math.isfinite(estimate) or round(counted) < LEAST_BLOCKS:
        return NONE
    if not any(part.sums.any() for part in residuals):
        return _without_variation(estimate, counted) if share else NONE
    model, places = half_width_and_places(residuals, weights)
    if places < LEAST_PLACES:
        return NONE
    ends = [
        _wilson(estimate, half) if share and 0 < estimate < 1 else (estimate - half, estimate + half)
        for half in (model, half_width_from_low_frequencies(residuals))
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
        sums = np.concatenate([sums_of_blocks(part, side) for part in residuals])
        present = np.concatenate([sums_of_blocks(part, side) for part in weights]) > 0
        if present.sum() < (_FEWEST if side <= 2 * block else _MANY):
            break
        found.append(sums[present])
        # The sum of a box does not change any more where it is one block.
        if present.size == len(residuals):
            break
        side *= 2
    boxes = np.array([part.sums.sum() for part in residuals])
    return [*found, boxes] if boxes.size >= _FEWEST else found


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
