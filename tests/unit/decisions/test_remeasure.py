"""Boxes to measure again: what a second measurement is expected to gain there, and ranks that chance does not make."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from noisebound.decisions.remeasure import expected_drop, ranked_boxes, score_error, shared_ranks


def test_twice_the_dose_halves_the_squared_error_in_units_of_each_channels_variance() -> None:
    rng = np.random.default_rng(1)
    median = rng.normal(size=(4, 9, 11)) * np.array([1, 50, 7, 1]).reshape(4, 1, 1)
    median[2] = 3.0
    sd = rng.uniform(1, 2, median.shape)
    sd[3, 4, 4] = np.inf
    found = expected_drop(median.astype(np.float32), sd, [True, True, True, True])
    expected = sum(sd[c] ** 2 / 2 / median[c].var() for c in (0, 1))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    np.testing.assert_allclose(expected_drop(median, sd, [False, True, True, True]), sd[1] ** 2 / 2 / median[1].var())
    assert not expected_drop(median, sd, [False] * 4).any()


def test_brightness_alone_chooses_no_box() -> None:
    """Left a bright plane known as well as the dark one, right fine structure that is known less well."""
    median, sd = np.ones((1, 40, 80)), np.full((1, 40, 80), 0.1)
    median[:, :, :40] = 9
    sd[:, 10:30, 50:70] = 0.2
    (box,) = ranked_boxes(expected_drop(median, sd, [True]), 20, 1)
    assert box["bounds"] == [(10, 30), (50, 70)]


def test_a_smoothing_filter_gains_what_is_expected_of_twice_the_dose() -> None:
    rng = np.random.default_rng(2)
    truth = 5 + ndimage.gaussian_filter(rng.normal(size=(200, 200)), 12, mode="wrap") * 40
    noisy = rng.poisson(truth, (2, 200, 200)).astype(float)
    once, twice = (ndimage.gaussian_filter(image, 2) for image in (noisy[0], noisy.mean(axis=0)))
    sd = np.sqrt(truth / (4 * np.pi * 2**2))[None]  # of a Gaussian mean of Poisson noise
    gained = np.mean((once - truth) ** 2 - (twice - truth) ** 2) / once.var()
    assert expected_drop(once[None], sd, [True]).mean() == pytest.approx(gained, rel=0.15)


def test_boxes_that_differ_by_less_than_their_errors_share_a_rank() -> None:
    def boxes(*pairs: tuple[float, float]) -> list[dict[str, float]]:
        return [{"score": score, "score_error": error} for score, error in pairs]

    assert shared_ranks(boxes((12.6, 0.3), (12.5, 0.3), (12.4, 0.3))) == [1, 1, 1]
    assert shared_ranks(boxes((12.6, 0.01), (12.5, 0.01), (12.4, 0.01))) == [1, 2, 3]
    # The third is not told apart from the second, only from the first, whose rank it would share.
    assert shared_ranks(boxes((10, 0.1), (9.9, 0.1), (9.6, 0.1), (9.5, 0.1))) == [1, 1, 3, 3]
    assert shared_ranks(boxes((5, math.inf), (0, math.inf))) == [1, 1]
    assert shared_ranks([]) == []


def test_the_error_of_a_score_is_that_of_a_mean_over_blocks() -> None:
    rng = np.random.default_rng(3)
    need = rng.normal(size=(4, 4)).repeat(5, axis=0).repeat(5, axis=1)
    assert score_error(need) == pytest.approx(need[::5, ::5].std(ddof=1) / 4)
    assert score_error(np.ones((1, 1))) == math.inf
    spread = [np.mean(rng.normal(size=(4, 4)).repeat(5, axis=0).repeat(5, axis=1)) for _ in range(400)]
    errors = [score_error(rng.normal(size=(4, 4)).repeat(5, axis=0).repeat(5, axis=1)) for _ in range(400)]
    assert np.mean(np.square(errors)) == pytest.approx(np.var(spread), rel=0.2)


def test_equal_boxes_are_told_apart_in_few_of_many_images() -> None:
    told = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        need = rng.gamma(4, size=(8, 8)).repeat(4, axis=0).repeat(4, axis=1)
        halves = sorted(
            ({"score": part.mean(), "score_error": score_error(part)} for part in (need[:16, :16], need[16:, 16:])),
            key=lambda box: -box["score"],
        )
        told += shared_ranks(halves) != [1, 1]
    assert told <= 20


def test_nothing_to_gain_gives_no_box() -> None:
    assert ranked_boxes(np.zeros((30, 30)), 8, 3) == []
