"""Uniform numbers for every pixel."""

from __future__ import annotations

import numpy as np

from noisebound.calibration.tie_draws import tie_draws_at


def test_chance_is_uniform_and_the_same_for_every_tile() -> None:
    whole = tie_draws_at("scan", 2, 2, (slice(0, 90), slice(0, 70)))
    np.testing.assert_array_equal(tie_draws_at("scan", 2, 2, (slice(30, 40), slice(5, 70))), whole[:, 30:40, 5:])
    assert not np.array_equal(tie_draws_at("scan", 1, 2, (slice(0, 90), slice(0, 70))), whole)
    counts = np.histogram(whole, bins=20, range=(0, 1))[0]
    assert abs(counts - whole.size / 20).max() < 5 * np.sqrt(whole.size / 20)
    for axis in range(3):
        assert abs(np.corrcoef(np.delete(whole, 0, axis).ravel(), np.delete(whole, -1, axis).ravel())[0, 1]) < 0.04
