"""Pooled quantiles against the mixture's own distribution function and against a large sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from noisebound.ensemble import pooling
from noisebound.ensemble.pooling import normal_quantile, pool_quantiles

LEVELS = (0.05, 0.9)


def members(n: int, pixels: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    median = rng.normal(5, 1.5, (n, 2, pixels)).astype(np.float32)
    low, high = rng.gamma(2, 1, (2, n, 2, pixels)).astype(np.float32)
    return median - low, median, median + high


def distribution(x: float, lower: np.ndarray, median: np.ndarray, upper: np.ndarray) -> float:
    """Mean over members of the distribution functions, written down from their definition."""
    below = (median - lower) / -stats.norm.ppf(LEVELS[0])
    above = (upper - median) / stats.norm.ppf(LEVELS[1])
    parts = [stats.norm.cdf(x, m, b if x < m else a) for m, b, a in zip(median, below, above, strict=True)]
    return float(np.mean(parts))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_pooled_quantiles_solve_the_mixture(n: int) -> None:
    lower, median, upper = members(n, 20)
    pooled = pool_quantiles(lower, median, upper, LEVELS)
    for found, level in zip(pooled, (LEVELS[0], 0.5, LEVELS[1]), strict=True):
        assert found.shape == (2, 20) and found.dtype == np.float32
        for c in range(2):
            for i in range(20):
                own = lower[:, c, i], median[:, c, i], upper[:, c, i]
                assert distribution(float(found[c, i]), *own) == pytest.approx(level, abs=2e-5)


def test_pixels_do_not_depend_on_how_many_are_taken_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lower, median, upper = members(3, 20)
    together = pool_quantiles(lower, median, upper, LEVELS)
    monkeypatch.setattr(pooling, "CHUNK", 7)
    np.testing.assert_array_equal(pool_quantiles(lower, median, upper, LEVELS), together)


def test_one_member_is_itself_and_disagreement_widens() -> None:
    lower, median, upper = members(1, 50)
    for found, own in zip(pool_quantiles(lower, median, upper, LEVELS), (lower, median, upper), strict=True):
        np.testing.assert_allclose(found, own[0], rtol=1e-5)
    apart = np.stack([median[0] - 1, median[0] + 1])
    low, middle, high = pool_quantiles(apart - 1, apart, apart + 1, (0.05, 0.95))
    assert ((high - low) > 2.5).all()
    np.testing.assert_allclose(middle, median[0], atol=1e-4)


def test_members_without_width_are_steps() -> None:
    median = np.array([[1.0], [2.0], [3.0]], np.float32)
    low, middle, high = pool_quantiles(median, median, median, LEVELS)
    assert (low[0], middle[0], high[0]) == pytest.approx((1, 2, 3), abs=1e-5)
    assert normal_quantile(0.975) == pytest.approx(1.959964, abs=1e-6)
