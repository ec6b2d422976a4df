"""Local deviations are matched filters in standard deviations of the noise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from noisebound.drift.local_scores import Measured, deviations, noise_curve, variance_curve

SIDE = 64


def blob(width: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    return np.exp(-((rows - 32) ** 2 + (columns - 32) ** 2) / (2 * width**2))


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize("width", [1.5, 3.0])
def test_an_object_has_the_score_of_a_matched_filter_at_its_own_scale(width: float, counts: bool) -> None:
    level = 400.0
    added = 10 * math.sqrt(level) / (math.sqrt(math.pi) * width) * blob(width)
    flat = np.full((SIDE, SIDE), level)
    (found,) = deviations(Measured(flat + added, flat, flat, counts), [width])
    assert found.score[32, 32] == pytest.approx(10, rel=0.03 if counts else 0.01)
    assert np.abs(found.contrast).max() < 1e-9, "the image is even"


def test_scores_of_noise_are_standard_normal_up_to_the_edges() -> None:
    rng = np.random.default_rng(0)
    variance = np.linspace(1, 9, SIDE) * np.ones((SIDE, 1))
    scores = np.stack(
        [
            next(
                deviations(
                    Measured(rng.normal(size=(SIDE, SIDE)) * np.sqrt(variance), 0 * variance, variance, False), [2.0]
                )
            ).score
            for _ in range(200)
        ]
    )
    assert scores.std(axis=0) == pytest.approx(1, abs=0.3)
    assert scores[:, :3].std() == pytest.approx(1, abs=0.05) and scores[:, -3:, -3:].std() == pytest.approx(1, abs=0.15)


def test_blur_has_the_sign_of_the_contrast_and_invention_the_opposite() -> None:
    flat = np.full((SIDE, SIDE), 25.0)
    sharp, weak = flat + 20 * blob(2), flat + 8 * blob(3)
    (blurred,) = deviations(Measured(sharp, weak, flat, False), [2.0])
    (invented,) = deviations(Measured(flat, sharp, flat, False), [2.0])
    assert blurred.score[32, 32] > 0 and blurred.contrast[32, 32] > 0
    assert invented.score[32, 32] < 0 < invented.contrast[32, 32]


@pytest.mark.parametrize("rate", [0.05, 0.3, 5.0])
def test_counts_seldom_exceed_what_noise_may(rate: float) -> None:
    rng = np.random.default_rng(1)
    expected = np.full((256, 256), rate)
    for found in deviations(Measured(rng.poisson(expected).astype(float), expected, expected, True), [1.0, 3.0]):
        assert np.abs(found.score).max() < 6
        assert (found.score > 3).mean() < 0.004


def test_places_without_a_count_are_no_miracle_beside_bright_ones() -> None:
    """A dark place of 3 px in a bright area: few counts were expected there, and none came."""
    expected = np.full((SIDE, SIDE), 0.5)
    expected[30:33, 30:33] = 0.02
    values = np.random.default_rng(2).poisson(expected).astype(float)
    (found,) = deviations(Measured(values, expected, expected, True), [1.0])
    assert np.isfinite(found.score).all() and np.abs(found.score).max() < 5.5


def test_noise_is_told_from_structure_by_neighbours() -> None:
    rng = np.random.default_rng(3)
    image = np.linspace(1, 100, 200) * np.ones((200, 1))
    lost = 30 * square((200, 200))
    values = image + lost + rng.normal(size=image.shape) * np.sqrt(image)
    knots, variance = noise_curve([values], [image])
    assert np.interp([10, 50, 90], knots, variance) == pytest.approx([10, 50, 90], rel=0.1)
    assert noise_curve([np.ones((4, 1))], [np.ones((4, 1))])[1].tolist() == [1.0]
    assert (noise_curve([image], [image])[1] > 0).all()


def square(shape: tuple[int, int]) -> np.ndarray:
    found = np.zeros(shape)
    found[40:60, 40:60] = 1
    return found


def test_a_known_noise_is_averaged_in_classes_of_intensity() -> None:
    rng = np.random.default_rng(7)
    image = rng.uniform(1, 9, (80, 80))
    variances = image * rng.chisquare(2, image.shape) / 2
    knots, found = variance_curve([variances[:40], variances[40:]], [image[:40], image[40:]])
    assert np.interp([2.0, 5.0, 8.0], knots, found) == pytest.approx([2, 5, 8], rel=0.15)
    assert (variance_curve([np.zeros((4, 4))], [np.ones((4, 4))])[1] > 0).all()
