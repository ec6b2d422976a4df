"""What a denoised image predicts of the noisy frame, against regressions by numpy."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.drift.expected import Expected, gains, shifted


def test_gain_and_offset_are_those_of_the_regression() -> None:
    rng = np.random.default_rng(0)
    median = rng.uniform(1, 9, size=(50, 3))
    noisy = 2 * median - 5 + rng.normal(size=(50, 3))
    gain, offset = gains(noisy, median, counts=False)
    for channel in range(3):
        expected = np.polyfit(median[:, channel], noisy[:, channel], 1)
        assert [gain[channel], offset[channel]] == pytest.approx(expected.tolist())


def test_counts_have_a_gain_alone() -> None:
    rng = np.random.default_rng(1)
    median = rng.uniform(1, 9, size=(5000, 2))
    gain, offset = gains(rng.poisson(0.25 * median), median, counts=True)
    assert gain == pytest.approx([0.25, 0.25], abs=0.01)
    assert offset.tolist() == [0, 0]


@pytest.mark.parametrize("counts", [False, True])
def test_an_image_without_contrast_has_gain_one(counts: bool) -> None:
    gain, offset = gains(np.array([[3.0], [5.0]]), np.zeros((2, 1)), counts)
    assert gain.tolist() == [1] and offset.tolist() == [0.0 if counts else 4.0]


def test_the_shift_is_linear_between_knots_and_constant_beyond() -> None:
    knots, shift = np.array([[0.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 3.0], [-5.0, -5.0]])
    median = np.array([[[-4.0, 0.5, 9.0]], [[0.0, 1.5, 7.0]]])
    assert shifted(median, knots, shift, counts=False).tolist() == [[[-3.0, 2.0, 12.0]], [[-5.0, -3.5, 2.0]]]
    assert shifted(median, knots, shift, counts=True).tolist() == [[[0.0, 2.0, 12.0]], [[0.0, 0.0, 2.0]]]


def test_level_follows_from_medians_and_pattern_from_means() -> None:
    expected = Expected(
        gain=np.array([2.0, 3.0]), offset=np.array([1.0, 0.0]), knots=np.zeros((2, 1)), shift=np.array([[0.5], [1.0]]),
        mean_gain=np.array([10.0, 20.0]), mean_offset=np.array([0.0, 7.0]),
    )  # fmt: skip
    median = np.ones((2, 4, 4), np.float32)
    assert expected.level(median)[:, 0, 0].tolist() == [3, 3]
    mean = expected.mean(median, counts=False)
    assert mean[:, 0, 0].tolist() == [1.5, 2.0]
    assert expected.pattern(mean)[:, 0, 0].tolist() == [15, 47]


def test_a_negative_shift_does_not_take_away_the_few_counts_below_its_first_knot() -> None:
    """In classes of a median above 2, the mean may lie 0.3 below it; where the median is 0.5, it cannot."""
    knots, shift = np.array([[2.0, 4.0]]), np.array([[-0.3, 0.1]])
    median = np.array([[0.0, 0.5, 2.0, 3.0, 9.0]])
    assert shifted(median, knots, shift, True) == pytest.approx(np.array([[0.0, 0.425, 1.7, 2.9, 9.1]]))
    assert shifted(median, knots, shift, False)[0, 1] == pytest.approx(0.2)
    # The mean of few counts may well lie above their median, down to 0.
    assert shifted(median, knots, -shift, True)[0, :2] == pytest.approx([0.3, 0.8])
