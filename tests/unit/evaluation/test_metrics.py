"""Measures, and the block bootstrap against simulation."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from noisebound.evaluation.metrics import atoms, block_sums, bootstrap_interval, psnr
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
