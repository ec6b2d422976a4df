"""Ends of calibrated intervals, channel by channel: predicted quantiles moved by their corrections.

Scores were taken from the stored float32 images. Every rounding on the way to the delivered float32 goes outwards, so
that targets counted as covered during calibration are also covered by the delivered numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rounding import Doubles, Floats, round_outwards, up, width_of

SIDES = ("lower", "upper")
_SIGNS = {"lower": -1.0, "upper": 1.0}
# Upper limit to the rounding of scores and sums, in units in the last place of the largest number in them.
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
    """Compute the interval of one channel as delivered, except for the floor.

    An end that has crossed the median is put onto the median, which only widens the interval.

    Parameters
    ----------
    entry
        Corrections of the channel (see ``calibration_file``).
    quantiles
        Lower, median and upper of the channel, float32 of one shape.
    groups
        Number of each pixel's group, or None.
    scaled
        Whether corrections are multiples of the predicted width.
    tie_draws
        Uniform numbers between 0 and 1 of the same shape, which decide the ties; None covers all ties.

    Returns
    -------
    tuple
        Lower and upper end, float32; and the share of pixels with an end that had crossed the median.
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
    """Compute a one-sided bound of one channel, except for the floor.

    A bound may lie beyond the median, because it is a statement about one side only.

    Parameters
    ----------
    entry, quantiles, groups, scaled
        As for :func:`channel_interval`.
    side
        "lower" or "upper".

    Returns
    -------
    ndarray
        float32 of the shape of the quantiles.
    """
    lower, _, upper = quantiles
    width = width_of(lower, upper) if scaled else None
    values = {"lower": lower, "upper": upper}[side]
    return interval_end(side, values, width, amount_of(entry, side, groups), None)


def amount_of(entry: Mapping[str, Any], name: str, groups: NDArray[np.intp] | None) -> Any:
    """Look up one number of an entry, for all pixels or for each pixel's group.

    Parameters
    ----------
    entry
        Corrections of a channel (see ``calibration_file``).
    name
        Key of the number, such as "lower".
    groups
        Number of each pixel's group, or None.

    Returns
    -------
    float or ndarray
        The number; with ``groups``, float64 of their shape.
    """
    if groups is None:
        return float(entry[name])
    return np.array([float(part[name]) for part in entry["groups"]])[groups]


def interval_end(
    side: str, values: Floats, width: Doubles | None, amount: Any, drop: NDArray[np.bool_] | None
) -> Floats:
    """Compute one end of an interval, or a bound, rounded outwards.

    Parameters
    ----------
    side
        "lower" or "upper".
    values
        Predicted quantiles, float32.
    width
        Predicted width where ``amount`` is a multiple of it, else None.
    amount
        How far the end moves outwards: a number or an array.
    drop
        Pixels at which a target exactly on the end shall not be covered. The end is moved inwards there by a little
        more than all roundings. None for no pixel.

    Returns
    -------
    ndarray
        float32 of the shape of ``values``.
    """
    sign = _SIGNS[side]
    moved = values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        exact = amount if width is None else amount * width
        shift = exact if width is None else up(exact)
    end = moved + sign * shift
    if width is not None:
        # The sum may be rounded inwards. Where large numbers cancel, that is not small compared with a target near 0.
        end = np.nextafter(end, sign * np.inf)
    result = round_outwards(end, sign * np.inf)
    if drop is not None:
        with np.errstate(invalid="ignore"):
            hair = _ROUNDING * np.spacing(np.maximum(np.abs(moved), np.abs(exact)))
            inner = round_outwards(moved + sign * exact - sign * hair, -sign * np.inf)
        result = np.where(drop & np.isfinite(hair), inner, result)
    return result
