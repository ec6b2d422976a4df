"""Filters at the best of their settings, on images whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import gaussian_filter

from noisebound.simulation.filters import CHOSEN_ON, FILTERS, Tuned, compare_filters, gaussian, tune_filters
from noisebound.simulation.images import SimulatedImages, simulate_images


@pytest.fixture(scope="module")
def images() -> SimulatedImages:
    return simulate_images(CHOSEN_ON + 3, np.random.default_rng(0), size=16)


@pytest.fixture(scope="module")
def tuned(images: SimulatedImages) -> list[Tuned]:
    return tune_filters(images.noisy, images.truth)


def test_every_filter_gets_the_setting_that_correlates_best(images: SimulatedImages, tuned: list[Tuned]) -> None:
    assert [filter.name for filter in tuned] == list(FILTERS)
    truth = images.truth[:CHOSEN_ON].ravel()
    for found in tuned:
        function, settings = FILTERS[found.name]
        filtered = {
            setting: np.stack([function(i.astype(float), setting) for i in images.noisy]) for setting in settings
        }
        values = {s: np.corrcoef(part[:CHOSEN_ON].ravel(), truth)[0, 1] for s, part in filtered.items()}
        assert values[found.setting] == max(values.values())
        # The line that brings the filtered images to the truth leaves errors without mean and correlation.
        error = (found.apply(images.noisy)[:CHOSEN_ON] - images.truth[:CHOSEN_ON]).ravel()
        assert abs(error.mean()) < 1e-6
        assert abs(np.corrcoef(error, filtered[found.setting][:CHOSEN_ON].ravel())[0, 1]) < 1e-6


def test_settings_are_chosen_on_the_first_images_alone(images: SimulatedImages, tuned: list[Tuned]) -> None:
    others = images.truth.copy()
    others[CHOSEN_ON:] = np.random.default_rng(1).normal(size=others[CHOSEN_ON:].shape)
    assert tune_filters(images.noisy, others) == tuned


def test_filters_remove_noise(images: SimulatedImages, tuned: list[Tuned]) -> None:
    noisy = np.corrcoef(images.noisy.ravel(), images.truth.ravel())[0, 1]
    results = compare_filters(images, images)
    for result, found in zip(results, tuned, strict=True):
        assert (result.name, result.setting) == (found.name, found.setting)
        assert result.correlation > noisy + 0.05
        error = found.apply(images.noisy) - images.truth
        assert result.rmse == pytest.approx(np.sqrt((error**2).mean()))


def test_the_gaussian_filter_continues_images_by_their_edge() -> None:
    image = np.random.default_rng(2).normal(size=(20, 20))
    inside = gaussian(image, 2.0)
    wide = gaussian_filter(np.pad(image, 30, mode="edge"), 2.0)[30:-30, 30:-30]
    assert_allclose(inside, wide, atol=1e-6)
    assert_array_equal(gaussian(np.ones((8, 8)), 3.0).round(12), np.ones((8, 8)))
