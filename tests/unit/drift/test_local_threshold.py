"""The largest of all deviations of noise exceeds the threshold as seldom as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import label
from scipy.stats import binom

from noisebound.drift.local_kernels import SCALES, smooth, sum_of_squares, window
from noisebound.drift.local_threshold import expected_peaks, threshold, usable


@pytest.mark.parametrize(("shape", "scale"), [((64, 64), 1.0), ((64, 64), 3.0), ((20, 24, 24), 1.5)])
def test_places_above_a_level_are_counted(shape: tuple[int, ...], scale: float) -> None:
    """Of smoothed white noise, as many separate maxima lie above the level, on average."""
    rng = np.random.default_rng(0)
    level, weights = 3.0, window(scale)
    margin = 4 * int(scale + 1)
    number, draws = 0, 60
    for _ in range(draws):
        noise = rng.normal(size=tuple(extent + 2 * margin for extent in shape))
        inside = tuple(slice(margin, -margin) for _ in shape)
        smoothed = smooth(noise, weights)[inside] / np.sqrt(sum_of_squares(scale, len(shape)))
        number += label(smoothed > level, np.ones((3,) * len(shape)))[1]
    expected = draws * expected_peaks(level, shape, scale)
    assert 0.75 * expected < number + 3 * np.sqrt(number) and number < 1.1 * expected + 3 * np.sqrt(number)


def test_noise_exceeds_the_threshold_in_at_most_its_chance_of_scans() -> None:
    rng = np.random.default_rng(1)
    shape, chance, draws = (48, 48), 0.2, 300
    level = threshold([shape], 1, chance)
    over = 0
    for _ in range(draws):
        noise = rng.normal(size=shape)
        over += any(
            np.abs(smooth(noise, window(scale)) / np.sqrt(smooth(np.ones(shape), np.square(window(scale))))).max()
            > level
            for scale in usable(shape)
        )
    assert over <= binom.ppf(0.999, draws, chance)
    assert over >= 0.3 * chance * draws, "nor is it so high that nothing is ever found"


def test_more_to_search_needs_a_higher_threshold() -> None:
    one = threshold([(64, 64)], 1)
    assert one < threshold([(64, 64)], 6) < threshold([(64, 64)] * 50, 6)
    assert threshold([(64, 64)], 1, 0.05) < one


def test_small_images_are_searched_for_small_objects() -> None:
    assert usable((7, 7)) == (1.0,) and usable((200, 12, 200)) == (1.0, 1.5, 2.0) and usable((200, 200)) == SCALES
