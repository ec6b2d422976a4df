"""The exact test of blocks beyond all calibrated ones."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from noisebound.drift.exceedance import chance_beyond, compare_extremes, fewest_beyond


@pytest.mark.parametrize(("n", "m"), [(3, 4), (5, 2), (1, 6)])
def test_the_chance_is_that_of_all_orders(n: int, m: int) -> None:
    """Every choice of places for the new values among n + m ranks is equally probable."""
    beyond = []
    for places in combinations(range(n + m), m):
        top = 0
        while n + m - 1 - top in places:
            top += 1
        beyond.append(top)
    for j in range(m + 1):
        assert chance_beyond(j, n, m) == pytest.approx(np.mean(np.array(beyond) >= j))


def test_so_many_blocks_are_needed() -> None:
    assert fewest_beyond(0.00625, 144, 36) == 4
    assert chance_beyond(4, 144, 36) <= 0.00625 < chance_beyond(3, 144, 36)
    assert fewest_beyond(0.001, 5, 2) is None


@pytest.mark.parametrize(("n", "m"), [(36, 36), (144, 36), (10, 40)])
def test_p_values_of_alike_blocks_are_uniform_or_larger(n: int, m: int) -> None:
    rng = np.random.default_rng(0)
    p = []
    for _ in range(1000):
        both = rng.normal(size=(n + m, 4))
        # Skewed, discrete, and mostly equal statistics.
        both = np.column_stack([both, np.exp(2 * both[:, 0]), rng.poisson(0.3, n + m), rng.random(n + m) < 0.02])
        p.append(compare_extremes(both[:n], both[n:]).p)
    for level in (0.01, 0.05, 0.2):
        assert (np.array(p) <= level).sum() <= binom.ppf(1 - 1e-4, len(p), level)


@pytest.mark.parametrize(("n", "blocks"), [(144, 4), (36, 8)])
def test_a_few_blocks_of_another_material_are_found_and_named(n: int, blocks: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        calibrated, new = rng.normal(size=(n, 17)), rng.normal(size=(36, 17))
        new[:blocks, 3] -= 12
        found = compare_extremes(calibrated, new)
        assert found.p is not None and found.p <= 0.0125
        assert found.blocks[:blocks].all() and found.blocks.sum() <= blocks + 2
        assert found.adjusted.argmin() == 3 and blocks <= found.beyond[3] <= blocks + 3 and not found.above[3]


def test_a_trifle_beyond_the_others_is_none() -> None:
    calibrated = np.linspace(0, 1, 50)[:, None]
    assert compare_extremes(calibrated, np.full((20, 1), 1.05)).beyond.tolist() == [0]
    assert compare_extremes(calibrated, np.full((20, 1), 1.2)).beyond.tolist() == [20]


def test_nothing_to_compare_gives_no_p_value() -> None:
    assert compare_extremes(np.zeros((0, 2)), np.zeros((5, 2))).p is None
    assert compare_extremes(np.ones((4, 2)), np.ones((5, 2))).p is None
