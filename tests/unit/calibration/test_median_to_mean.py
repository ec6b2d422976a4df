"""The estimate of the mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.median_to_mean import fit_mean, shift_of, shrink_shift
from noisebound.files.predictions import Predictions
from tests.unit.calibration.simulated import CALIBRATE, fit_misjudged, images, misjudged_scan


def test_mean_removes_the_bias_of_the_median(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rate = rng.uniform(0.05, 3, 40_000)
    target = rng.poisson(rate).astype(np.float32)
    median = np.maximum(rate - 0.3 * np.sqrt(rate), 0).astype(np.float32)
    knots = fit_mean(median[:20_000], target[:20_000])
    estimate = median + np.interp(median, knots["median"], knots["shift"])
    assert np.mean(estimate[:20_000] - target[:20_000]) == pytest.approx(0, abs=1e-6)
    assert abs(np.mean(estimate[20_000:] - target[20_000:])) < 0.03 < abs(np.mean(median - target)) / 5
    for low, high in ((0, 0.5), (0.5, 1.5), (1.5, 3)):
        chosen = (rate > low) & (rate < high)
        assert abs(np.mean(estimate[chosen] - rate[chosen])) < 0.05

    files = misjudged_scan(tmp_path, counts=True)
    fitted = fit_misjudged(files, tmp_path)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Predictions(tmp_path / "d.h5") as denoised, Predictions(files.ensemble) as ensemble:
        mean = denoised.read("mean")
        np.testing.assert_array_equal(mean, fitted.mean(ensemble.read("median")))
        assert (mean >= 0).all()
        sums = images(files, CALIBRATE)[3].sum(axis=(1, 2))
        # What is added beyond chance leaves the total within the noise of the reference.
        off = mean[(slice(None), *CALIBRATE)].sum(axis=(1, 2)) - sums
        assert (np.abs(off) < 2 * np.sqrt(sums)).all()


@given(st.integers(1, 3000), st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_the_mean_over_all_pixels_is_exact_however_many_there_are(n: int, bins: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    median = rng.integers(0, 6, n).astype(np.float32)
    target = rng.poisson(median + 0.5).astype(np.float32)
    knots = fit_mean(median, target, bins)
    assert np.mean(median + shift_of(median, knots)) == pytest.approx(np.mean(target, dtype=np.float64), abs=1e-9)
    assert knots["median"] == sorted(set(knots["median"]))
    assert len(knots["shift"]) == len(knots["median"]) <= min(bins, max(1, n // 100))


def test_the_shift_is_linear_between_knots_and_constant_beyond_them() -> None:
    knots = {"median": [1.0, 3.0], "shift": [0.5, 0.1]}
    median = np.array([[0.0, 1.0, 2.0], [2.5, 3.0, 99.0]], np.float32)
    np.testing.assert_allclose(shift_of(median, knots), [[0.5, 0.5, 0.3], [0.2, 0.1, 0.1]])


def test_a_shift_that_is_chance_is_mostly_dropped_and_a_real_one_kept() -> None:
    """Blocks differ by chance alone, or all lie 0.2 above their median; over 60 data sets of 16 blocks."""
    kept: dict[float, list[float]] = {0.0: [], 0.2: []}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        blocks = np.repeat(np.arange(16), 50)
        for real, found in kept.items():
            target = real + rng.normal(0, 0.3, 16)[blocks] + rng.normal(0, 0.3, 800)
            median = np.zeros(800, np.float32)
            whole = fit_mean(median, target.astype(np.float32))
            part = shrink_shift(whole, median, target.astype(np.float32), blocks)
            assert 0 <= part["shift"][0] / whole["shift"][0] <= 1
            found.append(part["shift"][0])
    assert np.mean(np.square(kept[0.0])) < 0.7 * 0.3**2 / 16  # less than adding the mean of the blocks would cost
    assert np.mean(kept[0.2]) == pytest.approx(0.2, abs=0.05)


def test_each_knot_is_shrunk_by_the_standard_error_over_the_blocks_near_it() -> None:
    rng = np.random.default_rng(2)
    median = rng.uniform(0, 2, 600).astype(np.float32)
    target = (median + 0.4 + rng.normal(0, 1, 600)).astype(np.float32)
    blocks = rng.integers(0, 9, 600)
    knots = {"median": [0.5, 1.5], "shift": [0.3, 0.5]}
    found = shrink_shift(knots, median, target, blocks)["shift"]
    for inside, shift, part in zip((median <= 1, median > 1), knots["shift"], found, strict=True):
        own = [(target - median)[inside & (blocks == b)].astype(float) for b in range(9)]
        n, mean = inside.sum(), (target - median)[inside].mean(dtype=float)
        error2 = 9 / 8 * sum((values.sum() - mean * values.size) ** 2 for values in own) / n**2
        assert part == pytest.approx(shift * max(0, 1 - error2 / shift**2), rel=1e-5)
    assert shrink_shift(knots, median, target, np.zeros(600, int))["shift"] == [0, 0]
