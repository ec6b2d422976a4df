"""Small statistics that several packages use: the correlation of two images, and subsets of members."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike


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
