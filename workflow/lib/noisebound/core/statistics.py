"""Small statistics that several packages use: correlation of two images, subsets of members."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike


def draw_subsets(total: int, size: int, most: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """Subsets of ``size`` of the numbers 0 to ``total`` - 1.

    Parameters
    ----------
    total, size
        How many numbers there are, and how many a subset has.
    most
        How many subsets are wanted.
    random
        Draws them where there are more.

    Returns
    -------
    list of tuple of int
        All subsets in order, where there are no more than ``most``; else ``most`` different ones, each as likely as
        any. Numbers in a subset ascend.
    """
    if math.comb(total, size) <= most:
        return list(combinations(range(total), size))
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < most:
        drawn[tuple(sorted(int(i) for i in random.choice(total, size, replace=False)))] = None
    return list(drawn)


def correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson correlation of two arrays of one shape; NaN where one of them is constant."""
    x, y = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale > 0 else math.nan
