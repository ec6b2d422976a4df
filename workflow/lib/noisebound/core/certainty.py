"""What counts as near a nominal coverage, and as too little for an interval."""

from __future__ import annotations

import math
from typing import Any

# A 95 % interval takes at least so many independent places, and where there are fewer, pages say so.
LEAST_PLACES = 8
NO_INTERVAL = f"no interval: fewer than {LEAST_PLACES} independent places"
# A coverage is near its nominal value within this share of its miss rate, and not beyond the second number.
_NEAR, _FAR = 0.2, 0.05


def tolerance(nominal: float) -> float:
    """Compute how far a coverage may lie from its nominal value and still count as near.

    A miss rate of 1 in 100 that is off by 0.02 is three times what was asked for; one of 1 in 2 is not worth a word.

    Parameters
    ----------
    nominal
        The nominal coverage, between 0 and 1.

    Returns
    -------
    float
        A fifth of the smaller one of coverage and miss rate, at most 0.05: 0.05 at 0.5, 0.02 at 0.9, 0.002 at 0.99.
    """
    return round(min(_NEAR * min(nominal, 1 - nominal), _FAR), 9)


def told_apart(low: Any, high: Any) -> bool | None:
    """Say whether a ratio is told from 1 by its 95 % interval.

    Parameters
    ----------
    low, high
        Ends of the interval; NaN, or anything but numbers, where there is none.

    Returns
    -------
    bool or None
        False where 1 lies inside; None without an interval.
    """
    known = all(isinstance(end, int | float) and not math.isnan(end) for end in (low, high))
    return not low <= 1 <= high if known else None
