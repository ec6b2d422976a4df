"""Small statistics of several packages: correlation of two images, subsets of members, when a coverage is near."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

# A 95 % interval takes at least so many independent places, and where there are fewer, pages say so.
LEAST_PLACES = 8
NO_INTERVAL = f"no interval: fewer than {LEAST_PLACES} independent places"
# A coverage is near its nominal value within this share of its miss rate, and not beyond the second number.
_NEAR, _FAR = 0.2, 0.05


def draw_subsets(total: int, size: int, most: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """Choose subsets of ``size`` of the numbers 0 to ``total`` - 1.

    Parameters
    ----------
    total, size
        How many numbers there are, and how many are in a subset.
    most
        The most subsets to return.
    random
        Draws the subsets if there are more than ``most``.

    Returns
    -------
    list of tuple of int
        All subsets in lexicographic order if there are at most ``most``; otherwise ``most`` different ones, drawn with
        equal probability. The numbers in each subset ascend.
    """
    if math.comb(total, size) <= most:
        return list(combinations(range(total), size))
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < most:
        drawn[tuple(sorted(int(i) for i in random.choice(total, size, replace=False)))] = None
    return list(drawn)


def correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Compute the Pearson correlation of two arrays in float64.

    Parameters
    ----------
    a, b
        Two arrays of one shape, at least one value each.

    Returns
    -------
    float
        From -1 to 1; NaN if one of the arrays is constant.
    """
    x, y = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale > 0 else math.nan


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
