"""Measures, and the block bootstrap against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio

from noisebound.evaluation.metrics import atoms, block_sums, bootstrap_interval, noise_removed_root, psnr, ratio
from noisebound.geometry.blocks import block_labels


def test_block_bootstrap_covers_the_truth_where_the_binomial_does_not() -> None:
    """In correlated fields of which 80 % is 'covered' the true share lies in most block intervals, in few binomial."""
    size, block, runs = 96, 24, 60
    rng = np.random.default_rng(17)
    threshold = 0.8416212335729143  # 80 % quantile of a standard normal
    labels, n_blocks = block_labels((size, size), block)
    wins = {"block": 0, "binomial": 0}
    for _ in range(runs):
        field = ndimage.gaussian_filter(rng.normal(size=(size + 40, size + 40)), 3)[20:-20, 20:-20]
        field /= 1 / (2 * 3 * math.sqrt(math.pi))
        covered = (field < threshold)[None]
        hits = block_sums(covered, np.zeros((), int), labels, n_blocks, 1)
        counts = block_sums(np.ones(covered.shape), np.zeros((), int), labels, n_blocks, 1)
        low, high = bootstrap_interval(hits, counts, 300, rng)
        wins["block"] += bool(low[0] <= 0.8 <= high[0])
        half = 1.96 * math.sqrt(covered.mean() * (1 - covered.mean()) / covered.size)
        wins["binomial"] += bool(abs(covered.mean() - 0.8) <= half)
    assert wins["block"] >= 0.8 * runs
    assert wins["binomial"] <= 0.5 * runs


def test_bootstrap_of_identical_and_of_single_blocks() -> None:
    rng = np.random.default_rng(0)
    low, high = bootstrap_interval(np.full((9, 1), 3.0), np.full((9, 1), 4.0), 50, rng)
    assert low == high == 0.75
    low, high = bootstrap_interval(np.array([[3.0], [0.0]]), np.array([[4.0], [0.0]]), 50, rng)
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_ties_are_zeros_of_counts_and_saturated_extremes() -> None:
    assert math.isnan(psnr(0.0, 1.0))
    target = np.array([0.0, 0.0, 1, 2, 3, 7, 7, 7], np.float32)
    assert atoms(target, True).tolist() == [True, True, False, False, False, True, True, True]
    assert atoms(np.array([0.0, 1, 2, 3]), False).tolist() == [False] * 4
    assert atoms(np.array([0.0, 1, 2, 3]), True).tolist() == [True, False, False, False]


@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_sums_of_blocks_equal_adding_up(frames: int, height: int, width: int, n_groups: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(frames, height, width))
    groups = rng.integers(-1, n_groups, (height, width))
    blocks, n_blocks = block_labels((height, width), 3)
    expected = np.zeros((n_blocks, n_groups))
    for k, y, x in np.ndindex(values.shape):
        if groups[y, x] >= 0:
            expected[blocks[y, x], groups[y, x]] += values[k, y, x]
    np.testing.assert_allclose(block_sums(values, groups, blocks, n_blocks, n_groups), expected, atol=1e-12)


def test_draws_in_parts_are_the_draws_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    hits, counts = rng.random((30, 2)), np.ones((30, 2))
    whole = bootstrap_interval(hits, counts, 70, np.random.default_rng(1))
    monkeypatch.setattr("noisebound.evaluation.metrics._WEIGHTS_AT_ONCE", 100)
    np.testing.assert_array_equal(bootstrap_interval(hits, counts, 70, np.random.default_rng(1)), whole)


def test_measures_of_errors() -> None:
    image, target = np.random.default_rng(0).normal(size=(2, 20, 20))
    extent = float(np.ptp(target))
    expected = peak_signal_noise_ratio(target, image, data_range=extent)
    assert psnr(float(np.square(image - target).mean()), extent) == pytest.approx(expected)
    assert math.isnan(psnr(1.0, 0.0))
    assert (ratio(3, 4), noise_removed_root(0.25), noise_removed_root(-1e-9)) == (0.75, 0.5, 0)
    assert math.isnan(ratio(0, 0)) and math.isnan(noise_removed_root(math.nan))
