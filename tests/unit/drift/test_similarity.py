"""P-values of the two tests are uniform or larger where nothing differs, and small where something does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, mannwhitneyu

from noisebound.drift.similarity import compare_blocks, compare_scans, means_by_field, superiority

LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def blocks(n: int, rng: np.random.Generator) -> np.ndarray:
    """Seven statistics of different kinds: correlated, skewed, discrete, mostly equal, and constant."""
    normal = rng.normal(size=(n, 3))
    tied = rng.poisson(0.3, size=n)
    rare = (rng.random(n) < 0.02).astype(float)
    return np.column_stack([normal, normal[:, 0] ** 2, np.exp(normal[:, 1] + normal[:, 2]), tied, rare, np.ones(n)])


def check_superuniform(p: np.ndarray) -> None:
    """Not more small p-values than chance explains (once in 10^4 for each level)."""
    for level in LEVELS:
        assert (p <= level).sum() <= binom.ppf(1 - 1e-4, len(p), level), (level, (p <= level).mean())


@pytest.mark.parametrize(("n", "m"), [(9, 30), (40, 12)])
def test_p_values_of_independent_blocks_are_uniform_or_larger(n: int, m: int) -> None:
    rng = np.random.default_rng(5)
    p = np.array([compare_blocks(blocks(n, rng), blocks(m, rng), 199, rng).p for _ in range(1500)])
    check_superuniform(p)
    # Not so large either that the test could never speak.
    assert (p <= 0.05).mean() > 0.02


@pytest.mark.parametrize("k", [19, 40])
def test_p_values_of_scans_are_uniform_or_larger_however_blocks_depend(k: int) -> None:
    rng = np.random.default_rng(6)
    p = []
    for _ in range(1500):
        # All blocks of a scan share its offset, gain and a rare defect: they are far from independent.
        own = rng.normal(size=(k + 1, 4)) * rng.gamma(1.0, size=(k + 1, 1))
        scans = np.column_stack([own, np.exp(own[:, 0]), rng.random(k + 1) < 0.05])
        p.append(compare_scans(scans[:k], scans[k]).p)
    check_superuniform(np.array(p))
    assert (np.array(p) <= 0.05).mean() > 0.02


def test_blocks_that_share_their_scan_are_not_exchangeable_with_those_of_another() -> None:
    """Why the unit is named: with one effect per scan, a test of blocks calls likes unlike far too often."""
    rng = np.random.default_rng(7)
    p = [
        compare_blocks(rng.normal(size=(20, 1)) + rng.normal(), rng.normal(size=(20, 1)) + rng.normal(), 99, rng).p
        for _ in range(200)
    ]
    assert (np.array(p) <= 0.05).mean() > 0.3


def test_single_statistic_agrees_with_the_rank_sum_test() -> None:
    rng = np.random.default_rng(8)
    a, b = rng.normal(size=(15, 1)), rng.normal(size=(20, 1)) + 0.8
    expected = mannwhitneyu(b[:, 0], a[:, 0], method="exact")
    found = compare_blocks(a, b, 20000, rng)
    assert found.p == pytest.approx(expected.pvalue, rel=0.2)
    assert found.superiority[0] == pytest.approx(expected.statistic / 300)


def test_p_values_are_corrected_for_the_number_of_statistics() -> None:
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=(30, 40)), rng.normal(size=(30, 40))
    a[:, 0] += 3
    found = compare_blocks(a, b, 999, rng)
    alone = [compare_blocks(a[:, [i]], b[:, [i]], 999, rng).p for i in range(40)]
    assert found.adjusted[0] == found.p == found.resolution == 0.001
    assert min(alone[1:]) < 0.05 < found.adjusted[1:].min()
    scans = compare_scans(np.vstack([a[:, 1:], b[:29, 1:]]), b[29, 1:])
    assert scans.p == scans.adjusted.min() > 0.05


def test_resolution_is_the_smallest_p_value_possible() -> None:
    rng = np.random.default_rng(10)
    far = np.array([[1e3]])
    assert compare_blocks(rng.normal(size=(200, 1)), far + rng.normal(size=(50, 1)), 499, rng).resolution == 1 / 500
    few = compare_blocks(rng.normal(size=(2, 1)), far + rng.normal(size=(7, 1)), 999, rng)
    assert few.resolution == pytest.approx(1 / 36)
    assert few.p == pytest.approx(2 / 36, rel=0.4)  # either part may be the one that stands out
    halves = compare_blocks(rng.normal(size=(3, 1)), far + rng.normal(size=(3, 1)), 999, rng)
    assert halves.resolution == pytest.approx(2 / 20)
    scans = compare_scans(rng.normal(size=(19, 3)), np.full(3, 1e3))
    assert scans.p == scans.resolution == 1 / 20


def test_nothing_to_compare_gives_no_p_value() -> None:
    rng = np.random.default_rng(11)
    assert compare_blocks(np.zeros((0, 2)), np.zeros((5, 2)), 99, rng).p is None
    assert compare_scans(np.zeros((0, 2)), np.zeros(2)).p is None
    constant = compare_blocks(np.ones((9, 2)), np.ones((5, 2)), 99, rng)
    assert constant.p == 1 and (constant.superiority == 0.5).all()


def test_superiority_counts_pairs() -> None:
    a, b = np.array([[1.0], [2.0]]), np.array([[2.0], [3.0], [0.0]])
    assert superiority(a, b)[0] == pytest.approx((1 + 0.5 + 2) / 6)


def test_means_by_field() -> None:
    values, field = np.array([[1.0], [3.0], [10.0]]), np.array([0, 0, 1])
    assert means_by_field(values, field, [1, 0]).tolist() == [[10.0], [2.0]]
    assert means_by_field(values, field, []).shape == (0, 1)


@pytest.mark.parametrize("k", [19, 39, 99])
def test_a_statistic_in_which_one_scan_differs_hides_no_other(k: int) -> None:
    """As the share of saturated pixels: one scan holds the largest value, whichever it is."""
    rng = np.random.default_rng(k)
    for _ in range(50):
        scans, rare = rng.normal(size=(k + 1, 3)), np.zeros(k + 1)
        scans[k, 1] = -10
        rare[rng.integers(k + 1)] = 1e-4
        found = compare_scans(np.column_stack([scans, rare])[:k], np.append(scans[k], rare[k]))
        assert found.p == found.resolution == found.adjusted[1]


def test_what_no_other_scan_has_is_found_where_enough_scans_calibrate() -> None:
    rng = np.random.default_rng(12)
    for k, p in ((19, 2 / 20), (39, 2 / 40)):
        usual = rng.normal(size=(k, 2))
        found = compare_scans(np.column_stack([usual, np.zeros(k)]), np.array([*np.median(usual, axis=0), 0.3]))
        assert found.p == found.adjusted[2] == p, "second to the scan that stands out most in other respects"


@pytest.mark.parametrize("k", [19, 59])
def test_p_values_of_scans_stay_valid_with_rare_statistics(k: int) -> None:
    rng = np.random.default_rng(13)
    p = []
    for _ in range(1500):
        rare = (rng.random((k + 1, 3)) < 1 / k) * rng.gamma(1.0, size=(k + 1, 3))
        scans = np.column_stack([rng.normal(size=(k + 1, 3)), rare, np.ones(k + 1)])
        p.append(compare_scans(scans[:k], scans[k]).p)
    check_superuniform(np.array(p))
