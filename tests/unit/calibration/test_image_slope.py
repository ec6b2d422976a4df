"""Slopes of an image, against plain arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from noisebound.calibration.image_slope import REACH, read_with_slope, squared_slope


def test_a_plane_has_the_square_of_its_slope_everywhere() -> None:
    y, x = np.mgrid[:20, :30].astype(np.float32)
    np.testing.assert_allclose(squared_slope(3 * x - 4 * y), 25, rtol=1e-5)
    np.testing.assert_allclose(squared_slope(np.full((1, 9), 5.0, np.float32)), 0)


def test_the_slope_is_the_smoothed_sum_of_squared_central_differences() -> None:
    image = np.random.default_rng(0).normal(size=(12, 17, 15)).astype(np.float32)
    total = sum(np.square(np.gradient(image.astype(float), axis=axis)) for axis in range(3))
    np.testing.assert_allclose(squared_slope(image), gaussian_filter(total, 1.5, mode="nearest"), rtol=1e-5)


@pytest.mark.parametrize("shape", [(40, 50), (9, 30, 31)])
def test_a_region_has_the_slopes_of_the_whole_image(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    image = rng.normal(size=(2, *shape)).astype(np.float32)
    whole = np.stack([squared_slope(channel) for channel in image])
    for _ in range(20):
        ends = [sorted(rng.choice(size + 1, 2, replace=False)) for size in shape]
        region = tuple(slice(int(low), int(high)) for low, high in ends)
        median, slope = read_with_slope(lambda part: image[(slice(None), *part)], region, shape)
        np.testing.assert_array_equal(median, image[(slice(None), *region)])
        np.testing.assert_allclose(slope, whole[(slice(None), *region)], rtol=1e-5, atol=1e-7)
    assert REACH == 7
