"""Maps of bounds against a threshold."""

from __future__ import annotations

import numpy as np

from noisebound.decisions.exceedance import exceedance


def test_bounds_against_threshold() -> None:
    lower = np.array([1, 3, 1, 3, 2], np.float32)
    upper = np.array([2, 5, 5, 2, 2], np.float32)
    np.testing.assert_array_equal(exceedance(lower, upper, 2.0), [0, 2, 1, 1, 0])
