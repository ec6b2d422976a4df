"""Windows, and the tails of weighted sums of counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm, poisson

from noisebound.drift.local_kernels import reach, smooth, sum_of_squares, surprise, window


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_window_is_a_gaussian_of_sum_one(scale: float) -> None:
    weights = window(scale)
    at = np.arange(-reach(scale), reach(scale) + 1)
    assert weights.sum() == pytest.approx(1) and len(weights) == 2 * reach(scale) + 1
    assert (weights * at**2).sum() == pytest.approx(scale**2, rel=0.01)
    assert sum_of_squares(scale, 2) == pytest.approx(1 / (4 * math.pi * scale**2), rel=0.01)


def test_smoothing_sums_under_the_window() -> None:
    rng = np.random.default_rng(0)
    image, weights = rng.normal(size=(20, 30)), window(1.5)
    around = image[10 - 6 : 10 + 7, 14 - 6 : 14 + 7]
    assert smooth(image, weights)[10, 14] == pytest.approx((around * np.outer(weights, weights)).sum())
    assert smooth(np.ones((9, 9)), weights)[0, 0] < 0.5, "what lies beyond the edge counts as 0"


def test_many_counts_are_as_surprising_as_a_normal_variable() -> None:
    rate, scale = 1e6, 2.0
    sd = math.sqrt(sum_of_squares(scale, 2) / rate)
    ratios = 1 + sd * np.array([-6.0, -2.0, 0.0, 3.0, 8.0])
    assert surprise(ratios, np.full(5, rate), scale, 2) == pytest.approx([-6, -2, 0, 3, 8], abs=0.02)


@pytest.mark.parametrize("rate", [0.05, 0.2, 2.0])
def test_few_counts_exceed_a_surprise_about_as_seldom_as_normal_variables(rate: float) -> None:
    """Simulated without the window's neighbours: classes of equal weights, whose sums are Poisson."""
    rng = np.random.default_rng(1)
    scale, draws = 1.5, 200_000
    weights = np.multiply.outer(window(scale), window(scale)).ravel()
    values, numbers = np.unique(weights.round(6), return_counts=True)
    sums = sum(value * rng.poisson(rate * number, draws) for value, number in zip(values, numbers, strict=True))
    found = surprise(sums / (rate * (values * numbers).sum()), np.full(draws, rate), scale, 2)
    for level in (2.0, 3.0, 3.7):
        share, wanted = (found > level).mean(), norm.sf(level)
        plain = (sums / rate - 1 > level * math.sqrt(sum_of_squares(scale, 2) / rate)).mean()
        assert share < 1.7 * wanted + 5e-5
        assert abs(math.log((share + 1e-5) / wanted)) < abs(math.log((plain + 1e-5) / wanted)) + 0.3


def test_no_count_at_all_is_as_surprising_as_the_empty_window() -> None:
    scale, rate = 1.0, 0.4
    pixels = (2 * reach(scale) + 1) ** 2
    found = surprise(np.zeros(1), np.full(1, rate), scale, 2)[0]
    assert found == pytest.approx(-math.sqrt(2 * rate * pixels))
    # The exponent of the chance that nothing is counted under the window.
    assert math.log(poisson.pmf(0, rate * pixels)) == pytest.approx(-(found**2) / 2)


def test_the_surprise_rises_far_beyond_any_count() -> None:
    ratios = np.geomspace(1e-3, 1e7, 200)
    assert (np.diff(surprise(ratios, np.ones(200), 3.0, 2)) > 0).all()
