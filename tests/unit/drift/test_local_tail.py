"""The largest deviations of further scans stay below what the tail says."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.drift.local_tail import block_maxima, fit_tail, tail_level


def test_blocks_cover_the_image_and_keep_their_largest_value() -> None:
    values = np.arange(40 * 20, dtype=float).reshape(40, 20)
    maxima = block_maxima(values)
    assert maxima.size == 3 * 2 and maxima.max() == values.max()
    assert maxima[0] == values[:16, :16].max()
    assert block_maxima(np.ones((5, 20, 40))).size == 1 * 2 * 3


@pytest.mark.parametrize("kind", ["normal", "heavy"])
@pytest.mark.parametrize("scans", [1, 4])
def test_scans_like_the_calibrated_ones_seldom_exceed_it(kind: str, scans: int) -> None:
    rng = np.random.default_rng(0)
    blocks, pixels, chance = 64, 64 * 256, 0.05

    def draw(number: int) -> np.ndarray:
        noise = np.abs(rng.normal(size=(number, 40))).max(axis=1)
        return noise if kind == "normal" else noise * np.where(rng.random(number) < 0.3, 2.5, 1.0)

    over = []
    for _ in range(400):
        tail = fit_tail(draw(scans * blocks), scans * pixels)
        over.append(draw(blocks).max() > tail_level(tail, pixels, chance))
    assert np.mean(over) <= 0.07


def test_noise_alone_is_extrapolated_to_what_normal_variables_reach() -> None:
    rng = np.random.default_rng(1)
    levels = [tail_level(fit_tail(np.abs(rng.normal(size=(64, 40))).max(axis=1), 64), 64, 0.01) for _ in range(200)]
    # One of 100 scans of 64 x 40 normal variables exceeds 4.6.
    assert 4.4 < np.median(levels) < 5.6


def test_more_pixels_and_a_smaller_chance_need_a_higher_level() -> None:
    tail = fit_tail(np.linspace(2, 5, 40), 1000)
    assert tail_level(tail, 1000, 0.02) < tail_level(tail, 50_000, 0.02) < tail_level(tail, 50_000, 1e-4)
    assert tail_level(tail, 1000, 0.5) >= 1.2 * 5
    assert tail_level(np.zeros(5), 1000, 0.02) == 0
