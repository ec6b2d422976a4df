"""Intervals of shares and ratios: they hold where pixels resemble each other, or are missing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from noisebound.evaluation.cells import CellSums, cell_sums
from noisebound.evaluation.error_bars import interval, interval_over_fields, skew_t
from tests.unit.evaluation.correlated import share_interval, smooth_field

COVERED = float(norm.ppf(0.95))


@pytest.mark.parametrize("length", [0.0, 12.0])
def test_intervals_over_correlated_pixels_hold(length: float) -> None:
    """True coverage 0.9 in 24 blocks; a binomial interval of these pixels holds it in few images."""
    rng, runs = np.random.default_rng(5), 80
    hold = binomial = 0
    for _ in range(runs):
        scores = np.sqrt(0.7 if length else 1.0) * rng.standard_normal((10, 59, 89))
        if length:
            scores += np.sqrt(0.3) * smooth_field(rng, (59, 89), length)
        share, (low, high) = share_interval(np.abs(scores) < COVERED)
        hold += bool(low <= 0.9 <= high) or np.isnan(low)
        binomial += abs(share - 0.9) <= 1.96 * np.sqrt(0.09 / scores.size)
    # 92 % are promised; fewer than this has less than 1 % chance if they are kept.
    assert hold >= 67
    assert (binomial < 0.6 * runs) == (length > 0)


def test_intervals_of_white_pixels_are_hardly_wider_than_needed() -> None:
    rng = np.random.default_rng(1)
    widths = [np.diff(share_interval(rng.random((4, 96, 96)) < 0.9)[1])[0] for _ in range(20)]
    assert 1.0 <= np.mean(widths) / (2 * 1.96 * np.sqrt(0.09 / (4 * 96 * 96))) <= 1.6


def test_few_places_have_no_interval() -> None:
    rng = np.random.default_rng(2)
    long = [np.abs(smooth_field(rng, (64, 64), 24.0) + 0.5 * rng.standard_normal((4, 64, 64))) < 1.5 for _ in range(20)]
    assert sum(np.isnan(share_interval(covered)[1][0]) for covered in long) >= 14, "4 or 5 places"
    assert np.isnan(share_interval(rng.random((1, 32, 64)) < 0.9)[1]).all(), "8 blocks"
    assert not np.isnan(share_interval(rng.random((1, 64, 64)) < 0.9)[1]).any(), "16 blocks of white noise"


def test_a_share_of_all_or_none_is_bounded_by_the_number_of_blocks() -> None:
    share, (low, high) = share_interval(np.ones((3, 64, 64), bool))
    assert (share, high) == (1, 1) and low == pytest.approx(0.025 ** (1 / 16))
    assert share_interval(np.zeros((3, 64, 64), bool))[1] == (0, pytest.approx(1 - 0.025 ** (1 / 16)))
    still = cell_sums(np.zeros((64, 64)), (64, 64))
    assert np.isnan(interval(2.0, [still], [cell_sums(np.ones((64, 64)), (64, 64))], 16)).all()
    assert interval_over_fields(1.0, np.zeros(20), share=True) == (pytest.approx(0.025 ** (1 / 20)), 1)


def test_boxes_that_differ_as_wholes_count_as_wholes() -> None:
    """Thirteen boxes, each covered by a share of its own: the error is that of thirteen numbers."""
    rng = np.random.default_rng(3)
    shares = rng.uniform(0.5, 0.9, 13)
    counts = [cell_sums(np.ones((64, 64)), (64, 64))] * 13
    moved = [CellSums((own - shares.mean()) * part.sums / (13 * 4096), part.shape)
             for own, part in zip(shares, counts, strict=True)]  # fmt: skip
    low, high = interval(float(shares.mean()), moved, counts, 16, share=True)
    expected = 2 * student.ppf(0.975, 12) * shares.std(ddof=1) / np.sqrt(13)
    assert high - low >= 0.95 * expected


def test_symmetric_numbers_get_the_interval_of_student() -> None:
    values = np.array([-3.0, -1, -1, 0, 0, 1, 1, 3]) / 8
    low, high = skew_t(5.0, values)
    half = student.ppf(0.975, 7) * (8 * values).std(ddof=1) / np.sqrt(8)
    assert (low, high) == pytest.approx((5 - half, 5 + half))
    assert skew_t(1.0, np.zeros(9)) == (1.0, 1.0)


def test_skewed_numbers_of_few_scans_are_held() -> None:
    """Coverages of scans have a tail to low values; a t interval misses it, and a bootstrap more often."""
    rng, runs = np.random.default_rng(4), 1500
    shift = 0.5 * rng.standard_normal(400_000)
    own = norm.cdf(COVERED - shift) - norm.cdf(-COVERED - shift)
    hold, plain = 0, 0
    for part in own[: 12 * runs].reshape(runs, 12):
        low, high = interval_over_fields(float(part.mean()), (part - part.mean()) / 12, share=True)
        hold += low <= own.mean() <= high
        plain += abs(part.mean() - own.mean()) <= student.ppf(0.975, 11) * part.std(ddof=1) / np.sqrt(12)
    assert hold >= 0.92 * runs > 0.9 * runs > plain
    assert np.isnan(interval_over_fields(0.5, np.arange(7.0) - 3)).all(), "seven scans are too few"
