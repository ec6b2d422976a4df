"""Correlations are those of numpy; subsets are all of them, or different ones drawn evenly."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.core.statistics import correlation, draw_subsets


def test_the_correlation_is_that_of_numpy_whatever_scale_and_offset() -> None:
    random = np.random.default_rng(0)
    a = random.normal(size=(20, 30))
    b = 0.3 * a + random.normal(size=a.shape)
    expected = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    assert correlation(a, b) == pytest.approx(expected, rel=1e-12)
    assert correlation(5 + 1e6 * a, b.astype(np.float32)) == pytest.approx(expected, rel=1e-6)
    assert correlation(a, -2 * b + 1) == pytest.approx(-expected, rel=1e-12)
    assert correlation(a, a) == pytest.approx(1)


def test_a_constant_image_has_no_correlation() -> None:
    assert math.isnan(correlation(np.ones(5), np.arange(5))) and math.isnan(correlation(np.arange(5), np.zeros(5)))


@given(st.integers(1, 8), st.data())
def test_few_subsets_are_all_of_them(total: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, total))
    found = draw_subsets(total, size, math.comb(total, size), np.random.default_rng(0))
    assert found == list(combinations(range(total), size))


@given(st.integers(0, 2**32), st.integers(1, 9))
def test_drawn_subsets_are_different_sorted_and_as_many_as_asked_for(seed: int, most: int) -> None:
    found = draw_subsets(10, 4, most, np.random.default_rng(seed))
    assert len(found) == len(set(found)) == most
    assert all(len(set(one)) == 4 and list(one) == sorted(one) and set(one) <= set(range(10)) for one in found)
    assert found == draw_subsets(10, 4, most, np.random.default_rng(seed))


def test_subsets_are_drawn_evenly() -> None:
    random = np.random.default_rng(1)
    seen = Counter(draw_subsets(5, 2, 1, random)[0] for _ in range(3000))
    # Ten subsets, 300 times each: within five standard deviations.
    assert len(seen) == 10 and all(abs(count - 300) < 5 * math.sqrt(300 * 0.9) for count in seen.values())
