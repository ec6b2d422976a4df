"""Where the ends of calibrated intervals lie, channel by channel: predicted quantiles moved by their corrections.

Scores were taken from the stored float32 images, and every rounding on the way to the delivered float32 goes outwards,
so that what was counted during calibration also holds for the delivered numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rounding import Doubles, Floats, round_outwards, up, width_of

SIDES = ("lower", "upper")
_SIGNS = {"lower": -1.0, "upper": 1.0}
# Scores and sums are rounded by less than so many units in the last place of the largest number in them.
_ROUNDING = 8
# Lower, median and upper of one channel, all of one shape.
Quantiles = tuple[Floats, Floats, Floats]


def channel_interval(
    entry: Mapping[str, Any],
    quantiles: Quantiles,
    groups: NDArray[np.intp] | None,
    scaled: bool,
    tie_draws: NDArray[np.floating[Any]] | None,
) -> tuple[Floats, Floats, float]:
    """Interval of one channel as delivered, except for the floor.

    Parameters
    ----------
    entry
        Corrections, as ``calibration_file`` describes them.
    quantiles
        Lower, median and upper of the channel.
    groups
        Group of each pixel, or None.
    scaled
        Whether corrections are multiples of the predicted width.
    tie_draws
        Uniform numbers between 0 and 1 of the same shape, which decide the ties; None covers all ties.

    Returns
    -------
    tuple
        Lower and upper, and the share of pixels with an end that had crossed the median. Such an end is put onto the
        median, which only widens the interval.
    """
    lower, median, upper = quantiles
    width = width_of(lower, upper) if scaled else None
    crossed = np.zeros(median.shape, dtype=bool)
    ends = {}
    for side, values in zip(SIDES, (lower, upper), strict=True):
        drop = None
        if tie_draws is not None:
            drop = tie_draws > amount_of(entry, f"{side}_share", groups)
        ends[side] = interval_end(side, values, width, amount_of(entry, side, groups), drop)
        crossed |= _SIGNS[side] * ends[side] < _SIGNS[side] * median
    fraction = float(crossed.mean()) if crossed.size else 0.0
    return np.minimum(ends["lower"], median), np.maximum(ends["upper"], median), fraction


def channel_bound(
    entry: Mapping[str, Any], side: str, quantiles: Quantiles, groups: NDArray[np.intp] | None, scaled: bool
) -> Floats:
    """Bound of one channel on one ``side``, "lower" or "upper", except for the floor; see :func:`channel_interval`.

    A bound may lie beyond the median, which is a statement about one side only.
    """
    lower, _, upper = quantiles
    width = width_of(lower, upper) if scaled else None
    values = {"lower": lower, "upper": upper}[side]
    return interval_end(side, values, width, amount_of(entry, side, groups), None)


def amount_of(entry: Mapping[str, Any], name: str, groups: NDArray[np.intp] | None) -> Any:
    """One number of an ``entry``, or with ``groups`` (of each pixel) that of each pixel's group, float64."""
    if groups is None:
        return float(entry[name])
    return np.array([float(part[name]) for part in entry["groups"]])[groups]


def interval_end(
    side: str, values: Floats, width: Doubles | None, amount: Any, drop: NDArray[np.bool_] | None
) -> Floats:
    """One end of an interval, or a bound, rounded outwards.

    Parameters
    ----------
    side
        "lower" or "upper".
    values
        Predicted quantiles.
    width
        Predicted width where ``amount`` is a multiple of it, or None.
    amount
        By how much the end moves outwards: a number or an array.
    drop
        Pixels whose end is taken a hair further in, so that a target right on it is outside: inside of all roundings,
        where the other ends are outside of them. None for no pixel.
    """
    sign = _SIGNS[side]
    moved = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        exact = amount if width is None else amount * width
        shift = exact if width is None else up(exact)
    end = moved + sign * shift
    if width is not None:
        # Beside a target of 0, the last bit of a sum of large numbers is not small.
        end = np.nextafter(end, sign * np.inf)
    result = round_outwards(end, sign * np.inf)
    if drop is not None:
        with np.errstate(invalid="ignore"):
            hair = _ROUNDING * np.spacing(np.maximum(np.abs(moved), np.abs(exact)))
            inner = round_outwards(moved + sign * exact - sign * hair, -sign * np.inf)
        result = np.where(drop & np.isfinite(hair), inner, result)
    return result
