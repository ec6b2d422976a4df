"""Measures of held-out images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from noisebound.evaluation.metrics import atoms, block_sums, noise_removed_root, psnr, ratio
from noisebound.geometry.blocks import block_labels


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


def test_measures_of_errors() -> None:
    image, target = np.random.default_rng(0).normal(size=(2, 20, 20))
    extent = float(np.ptp(target))
    expected = peak_signal_noise_ratio(target, image, data_range=extent)
    assert psnr(float(np.square(image - target).mean()), extent) == pytest.approx(expected)
    assert math.isnan(psnr(1.0, 0.0))
    assert (ratio(3, 4), noise_removed_root(0.25), noise_removed_root(-1e-9)) == (0.75, 0.5, 0)
    assert math.isnan(ratio(0, 0)) and math.isnan(noise_removed_root(math.nan))
