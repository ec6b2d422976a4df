"""Ranks are those of exact arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from noisebound.calibration.ranks import conformal_rank, order_statistic


@pytest.mark.parametrize(
    ("n", "nominal", "k"), [(9, 0.9, 9), (19, 0.95, 19), (99, 0.07, 7), (10, 0.9, 10), (8, 0.9, 9)]
)
def test_rank_is_exact_decimal_arithmetic(n: int, nominal: float, k: int) -> None:
    assert conformal_rank(n, nominal) == k


def test_an_order_statistic_is_the_kth_smallest_and_infinite_beyond_the_last() -> None:
    random = np.random.default_rng(0)
    for size in (1, 2, 7, 100):
        scores = random.integers(0, 20, size).astype(float)
        assert [order_statistic(scores, k) for k in range(1, size + 1)] == sorted(scores.tolist())
        assert order_statistic(scores, size + 1) == math.inf
