"""The distribution of the error, found under noise, against distributions that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from noisebound.calibration.error_shape import CENTRES, ErrorShape, fit_shape, standard_normal
from noisebound.calibration.error_variance import fit_variance
from noisebound.calibration.signal_pixels import SignalPixels

ONE = np.array([1.0])


def test_the_prior_is_a_standard_normal_distribution() -> None:
    shape = ErrorShape(standard_normal())
    assert shape.weights.sum() == pytest.approx(1) and shape.weights.size == CENTRES.size == 31
    for level in (0.025, 0.05, 0.25, 0.5, 0.9, 0.975):
        assert shape.quantile(level, ONE) == pytest.approx(norm.ppf(level), abs=0.02)
        assert shape.below(shape.quantile(level, ONE), ONE) == pytest.approx(level, abs=1e-6)


def test_a_variance_that_is_not_known_well_makes_tails_longer() -> None:
    shape = ErrorShape(standard_normal())
    factors = np.array([0.25, 1.75])  # the same mean variance
    mixed = [shape.quantile(level, factors) for level in (0.75, 0.99)]
    exact = [shape.quantile(level, ONE) for level in (0.75, 0.99)]
    assert mixed[0] < exact[0] and mixed[1] > exact[1]
    drawn = np.random.default_rng(0).normal(size=400_000) * np.sqrt(np.random.default_rng(1).choice(factors, 400_000))
    assert mixed[1] == pytest.approx(np.quantile(drawn, 0.99), rel=0.02)


def pixels(error: np.ndarray, rng: np.random.Generator, counts: bool, variance: float = 0.1) -> SignalPixels:
    """Pixels of this error about a signal of 20, whose reference has noise of this variance."""
    n, unit = error.size, variance / 20
    median = np.full(n, 20.0, np.float32)
    if counts:
        target = rng.poisson((median + error) / unit) * unit
    else:
        target = median + error + rng.normal(0, np.sqrt(variance), n)
    noise = target * unit if counts else np.full(n, variance)
    blocks = [np.arange(n) // 50] * 3
    residual = target - median
    return SignalPixels(median, np.zeros(n, np.float32), residual, noise, unit if counts else None, blocks, 0.0)


@pytest.mark.parametrize("counts", [True, False])
def test_heavy_tails_are_found_under_little_noise_and_not_claimed_under_much(counts: bool) -> None:
    rng = np.random.default_rng(4)
    error = rng.normal(size=60_000) * np.where(rng.random(60_000) < 0.1, 2.8, 0.5)
    hidden = pixels(error, rng, counts, variance=20.0)
    shape = fit_shape(hidden, fit_variance(hidden), np.random.default_rng(0))
    assert shape.quantile(0.75, ONE) == pytest.approx(norm.ppf(0.75), abs=0.05)
    given = pixels(error, rng, counts)
    fitted = fit_variance(given)
    shape = fit_shape(given, fitted, np.random.default_rng(0))
    scaled = error / np.sqrt(fitted.variance.of(given.median, given.slope) * fitted.factors.mean())
    middle = np.quantile(np.abs(scaled), 0.5)
    found = (shape.quantile(0.75, ONE) - shape.quantile(0.25, ONE)) / 2
    assert middle < 0.55 and found < 0.6, "a normal error would have 0.67"
    assert found == pytest.approx(middle, abs=0.16)


def test_the_draw_of_pixels_is_that_of_the_generator() -> None:
    rng = np.random.default_rng(5)
    given = pixels(rng.normal(size=30_000), rng, False)
    fitted = fit_variance(given)
    one, same, other = (fit_shape(given, fitted, np.random.default_rng(seed)).weights for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
