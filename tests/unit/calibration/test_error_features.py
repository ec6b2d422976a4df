"""Features of the error, against plain arithmetic."""

from __future__ import annotations

import numpy as np

from noisebound.calibration.error_features import ErrorVariance, error_features


def test_the_line_over_the_intensity() -> None:
    median = np.array([0, 1, 2, 3, 6], np.float32)
    low, high, slope = error_features(median, np.arange(5, dtype=np.float32), (1.0, 3.0))
    np.testing.assert_allclose(low, [1, 1, 0.5, 0, 0])
    np.testing.assert_allclose(high, [0, 0, 0.5, 1, 2])  # beyond the upper knot in proportion to the intensity
    np.testing.assert_array_equal(slope, np.arange(5))
    flat = error_features(median, slope.astype(np.float32), (0.0, 0.0))
    np.testing.assert_array_equal(flat[0] + flat[1], 1)


def test_the_variance_is_a_sum_of_the_features_and_never_less_than_a_part_of_its_mean() -> None:
    variance = ErrorVariance((1.0, 3.0), (2.0, 4.0, 0.5), 1.0)
    median, slope = np.array([1, 2, 6, 1], np.float32), np.array([0, 2, 0, 4], np.float32)
    np.testing.assert_allclose(variance.of(median, slope), [2, 4, 8, 4])
    np.testing.assert_allclose(ErrorVariance((1.0, 3.0), (0.0, 4.0, 0.0), 1.0).of(median, slope), [1, 2, 8, 1])
