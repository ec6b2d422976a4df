"""Which members make up an ensemble of fewer members."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np


def draw_subsets(total: int, size: int, most: int, random: np.random.Generator) -> list[tuple[int, ...]]:
    """All subsets of ``size`` of the numbers 0 to ``total`` - 1, or ``most`` different ones drawn evenly."""
    if math.comb(total, size) <= most:
        return list(combinations(range(total), size))
    drawn: dict[tuple[int, ...], None] = {}
    while len(drawn) < most:
        drawn[tuple(sorted(int(i) for i in random.choice(total, size, replace=False)))] = None
    return list(drawn)
