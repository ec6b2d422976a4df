"""Correlation, and subsets drawn without repetition."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from noisebound.core.statistics import correlation, draw_subsets


def test_correlation_is_that_of_numpy_and_unknown_without_variance() -> None:
    a, b = np.random.default_rng(0).normal(size=(2, 50))
    assert correlation(a, a + b) == pytest.approx(np.corrcoef(a, a + b)[0, 1])
    assert math.isnan(correlation([1, 1], [1, 2]))


def test_all_subsets_are_taken_where_there_are_few_and_none_twice() -> None:
    random = np.random.default_rng(0)
    assert sorted(draw_subsets(5, 2, 20, random)) == sorted(combinations(range(5), 2))
    drawn = draw_subsets(12, 6, 20, random)
    assert len(set(drawn)) == len(drawn) == 20
    assert all(len(set(subset)) == 6 and set(subset) <= set(range(12)) for subset in drawn)
