"""The model of how residuals resemble each other."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.evaluation.cells import CellSums, cell_sums
from noisebound.evaluation.correlation_model import half_width_and_places, half_width_from_low_frequencies
from tests.unit.evaluation.correlated import smooth_field


def residuals(image: np.ndarray) -> tuple[list[CellSums], list[CellSums]]:
    shape = image.shape
    return [cell_sums((image - image.mean()) / image.size, shape)], [cell_sums(np.ones(shape), shape)]


@pytest.mark.parametrize("shape", [(96, 96), (20, 28, 24)])
def test_white_noise_has_the_error_of_its_pixels_and_all_places(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    found = [half_width_and_places(*residuals(rng.standard_normal(shape))) for _ in range(10)]
    half, places = np.median(found, axis=0)
    assert 0.95 <= half / (1.96 / np.sqrt(np.prod(shape))) <= (1.5 if len(shape) == 2 else 2.2)
    assert places >= 30
    low = [half_width_from_low_frequencies(residuals(rng.standard_normal(shape))[0]) for _ in range(200)]
    # Five squares of a normal number: their root mean times the quantile of t.
    assert np.sqrt(np.mean(np.square(low))) == pytest.approx(2.571 / np.sqrt(np.prod(shape)), rel=0.1)


def test_longer_correlation_leaves_fewer_places_and_more_error() -> None:
    rng = np.random.default_rng(1)
    places, ratios = [], []
    for length in (6.0, 12.0, 24.0):
        found = [
            half_width_and_places(*residuals(smooth_field(rng, (128, 128), length) + rng.standard_normal((128, 128))))
            for _ in range(8)
        ]
        half, place = np.median(found, axis=0)
        # The error of the mean of a field of correlation exp(-d^2 / length^2), without borders.
        ratios.append(half / (1.96 * np.sqrt(np.pi) * length / 128))
        places.append(place)
    assert places[0] > 1.5 * places[1] > 1.5**2 * places[2] and places[2] < 25
    assert all(0.6 <= ratio <= 2 for ratio in ratios)


def test_boxes_of_one_kind_are_taken_together() -> None:
    rng = np.random.default_rng(2)
    images = [smooth_field(rng, (64, 64), 12.0) + rng.standard_normal((64, 64)) for _ in range(6)]
    together = np.stack(images)
    parts = [cell_sums((image - together.mean()) / together.size, (64, 64)) for image in images]
    weights = [cell_sums(np.ones((64, 64)), (64, 64))] * 6
    half, places = half_width_and_places(parts, weights)
    _, one = half_width_and_places(*residuals(images[0]))
    assert places > 3 * one
    assert 0.6 <= half / (1.96 * np.sqrt(np.pi) * 12 / 64 / np.sqrt(6)) <= 2
