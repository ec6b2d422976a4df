"""Conformal corrections against brute force, MAPIE and simulation."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.conformal import corrections, one_sided, side_scores
from noisebound.calibration.exchangeability import allowed_misses
from noisebound.calibration.ranks import order_statistic
from noisebound.calibration.thresholds import scan_threshold

TWENTIETH = Fraction(1, 20)


def brute_order(scores: np.ndarray, nominal: Decimal) -> tuple[float, int]:
    """The smallest score that at least (n+1) * nominal scores do not exceed, by counting; infinite if none does."""
    needed = (len(scores) + 1) * nominal
    rank = next(k for k in range(len(scores) + 2) if Decimal(k) >= needed)
    reached = [s for s in sorted(scores) if sum(1 for other in scores if other <= s) >= needed]
    return (reached[0] if reached else math.inf), rank


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["0.1", "0.29", "0.5", "0.7", "0.8", "0.9", "0.95", "0.99"]),
)
@settings(max_examples=300, deadline=None)
def test_corrections_equal_brute_force(scores: list[float], seed: int, nominal: str) -> None:
    low = np.array(scores)
    high = np.random.default_rng(seed).permutation(low) - 0.5
    value = Decimal(nominal)
    q, k = brute_order(np.maximum(low, high), value)
    assert corrections(low, high, float(nominal), "symmetric") == {"lower": q, "upper": q, "n": len(low), "k": k}
    half = 1 - (1 - value) / 2
    expected = {"lower": brute_order(low, half)[0], "upper": brute_order(high, half)[0]}
    assert corrections(low, high, float(nominal), "asymmetric") == expected | {
        "n": len(low),
        "k": brute_order(low, half)[1],
    }
    expected = {"lower": brute_order(low, value)[0], "upper": brute_order(high, value)[0]}
    assert one_sided(low, high, float(nominal)) == expected | {"n": len(low), "k": k}


def test_too_few_scores_are_infinite_never_the_largest() -> None:
    assert corrections(np.zeros(8), np.zeros(8), 0.9, "symmetric")["lower"] == math.inf
    assert corrections(np.zeros(9), np.zeros(9), 0.9, "symmetric")["lower"] == 0
    assert corrections(np.zeros(18), np.zeros(18), 0.9, "asymmetric")["upper"] == math.inf
    assert corrections(np.zeros(19), np.zeros(19), 0.9, "asymmetric")["upper"] == 0
    with pytest.raises(ValueError, match="ranks start at 1"):
        order_statistic(np.zeros(3), 0)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("nominal", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("n", [137, 1003])
def test_corrections_equal_mapie(n: int, nominal: float, symmetric: bool) -> None:
    from mapie import regression as mapie
    from sklearn.base import BaseEstimator, RegressorMixin

    class Column(RegressorMixin, BaseEstimator):
        """A fitted regressor that returns one column of its input."""

        def __init__(self, column: int) -> None:
            self.column = column

        def __sklearn_is_fitted__(self) -> bool:
            return True

        n_features_in_ = 3

        def fit(self, features: np.ndarray, y: np.ndarray) -> Column:
            return self

        def predict(self, features: np.ndarray) -> np.ndarray:
            return np.asarray(features)[:, self.column]

    rng = np.random.default_rng(n)
    median = rng.normal(10, 3, n)
    features = np.stack([median - 0.6, median + 1.0, median], axis=1)
    y = median + rng.gumbel(0, 1, n)
    oracle = mapie.ConformalizedQuantileRegressor([Column(0), Column(1), Column(2)], nominal, prefit=True)
    oracle.conformalize(features, y)
    _, interval = oracle.predict_interval(features, symmetric_correction=symmetric)
    ours = corrections(features[:, 0] - y, y - features[:, 1], nominal, "symmetric" if symmetric else "asymmetric")
    np.testing.assert_allclose(interval[:, 0, 0], features[:, 0] - ours["lower"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(interval[:, 1, 0], features[:, 1] + ours["upper"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("score", ["symmetric", "asymmetric"])
def test_coverage_of_new_draws_is_as_promised(score: Any) -> None:
    rng, draws, n, nominal = np.random.default_rng(11), 6000, 50, 0.8
    hits = low_hits = 0
    for _ in range(draws):
        width = rng.uniform(0.2, 2, n + 1)
        y = width * rng.gumbel(size=n + 1)
        low, high = -0.3 * width - y, y - 0.5 * width
        q = corrections(low[:n], high[:n], nominal, score)
        hits += low[n] <= q["lower"] and high[n] <= q["upper"]
        low_hits += low[n] <= one_sided(low[:n], high[:n], nominal)["lower"]
    sides = {"symmetric": 41 / 51, "asymmetric": 1 - 2 * (1 - 46 / 51)}
    error = 4 * math.sqrt(0.16 / draws)
    assert abs(hits / draws - sides[score]) < error
    assert abs(low_hits / draws - 41 / 51) < error


@pytest.mark.parametrize("unit", ["pixel", "scan", "pac"])
def test_random_ties_cover_exactly_what_is_missing(unit: Any) -> None:
    """Counts with a heavy atom at the threshold: the covered weight equals the one asked for, to rounding."""
    rng = np.random.default_rng(3)
    zeros = 0.95 if unit == "pac" else 0.7
    scans = [np.sort(np.where(rng.random(50 + k) < zeros, 0.0, rng.normal(size=50 + k))) for k in range(40)]
    p, n = Fraction(4, 5), len(scans)
    given: Any = np.concatenate(scans) if unit == "pixel" else scans
    entry = corrections(given, given, 0.8, "symmetric", unit, ties=True)
    q, share = entry["upper"], entry["upper_share"]
    covered = [(np.sum(s < q) + share * np.sum(s == q)) / s.size for s in scans]
    assert q == 0
    assert 0 < share < 1
    if unit == "scan":
        assert sum(covered) == pytest.approx(float((n + 1) * p))
    elif unit == "pixel":
        size = given.size
        assert np.sum(given < q) + share * np.sum(given == q) == pytest.approx(float((size + 1) * p))
    else:
        rank = n + 1 - allowed_misses(n, 1 - p, TWENTIETH)
        together = math.exp(np.sum(np.log(covered)))
        assert sorted(covered)[n - rank] >= 0.8 - 1e-9
        assert together >= 0.8**n / 0.05 * (1 - 1e-9)
        assert sorted(covered)[n - rank] <= 0.8 + 1e-9 or together <= 0.8**n / 0.05 * (1 + 1e-6)
    assert corrections(given, given, 0.8, "symmetric", unit)["upper"] >= q


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 3), min_size=1, max_size=20), st.booleans())
@settings(max_examples=100, deadline=None)
def test_scores_are_distances_from_the_ends_rounded_up(values: list[tuple[float, float, float]], scaled: bool) -> None:
    ends = np.sort(np.array([v[:2] for v in values], np.float32), axis=1)
    target = np.array([v[2] for v in values], np.float32)
    low, high = side_scores(ends[:, 0], ends[:, 1], target, scaled)
    for k, (a, b) in enumerate(ends.tolist()):
        y = Fraction(target[k].item())
        width = max(Fraction(b) - Fraction(a), Fraction(float(np.finfo(np.float32).tiny))) if scaled else Fraction(1)
        for found, exact in ((low[k], (Fraction(a) - y) / width), (high[k], (y - Fraction(b)) / width)):
            assert math.isinf(found) or Fraction(float(found)) >= exact
            assert float(found) == pytest.approx(float(exact), rel=1e-12, abs=1e-300)


def test_bounds_of_scans_are_the_thresholds_of_each_side() -> None:
    rng = np.random.default_rng(1)
    low, high = ([rng.normal(size=5 + k) for k in range(12)] for _ in range(2))
    entry = one_sided(low, high, 0.8, "scan")
    for side, scores in (("lower", low), ("upper", high)):
        assert entry[side] == scan_threshold([np.sort(own) for own in scores], 0.8).value
    assert (entry["n"], entry["k"]) == (12, math.ceil(13 * 0.8))
    with_empty = one_sided([*low, np.zeros(0)], [*high, np.zeros(0)], 0.8, "scan")
    assert with_empty == entry, "scans without a pixel of the group count for nothing"
