"""Errors of means over blocks, independent or alike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from scipy.stats import ttest_ind

from noisebound.drift.block_errors import error_of_difference


def test_few_blocks_have_the_error_of_the_t_test() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(9, 3)), rng.normal(size=(12, 3))
    error, freedom = error_of_difference([a], b)
    p = 2 * student.sf(np.abs(a.mean(axis=0) - b.mean(axis=0)) / error, freedom)
    assert freedom == 19 and p == pytest.approx(ttest_ind(a, b).pvalue)


def test_blocks_that_resemble_their_neighbours_have_a_larger_error() -> None:
    """Runs of 4 equal blocks: the true error of a difference is about twice that of independent blocks."""
    rng = np.random.default_rng(1)
    gaps, errors = [], []
    for _ in range(300):
        a, b = (np.repeat(rng.normal(size=(16, 1)), 4, axis=0) for _ in range(2))
        gaps.append(float(a.mean() - b.mean()))
        errors.append(float(error_of_difference([a], b)[0][0]))
    assert np.std(gaps) == pytest.approx(np.sqrt(2 / 16), rel=0.15)
    assert np.median(errors) == pytest.approx(np.std(gaps), rel=0.25)


def test_single_blocks_tell_no_error() -> None:
    error, freedom = error_of_difference([np.ones((1, 2))], np.ones((1, 2)))
    assert np.isinf(error).all() and freedom == 0
