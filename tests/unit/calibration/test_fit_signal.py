"""Intervals for the signal hold the truth, and are much narrower than those for a noisy repeat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from noisebound.calibration.fit_signal import fit_channel, fit_signal
from noisebound.calibration.image_slope import squared_slope
from noisebound.calibration.signal_model import SignalModel, signal_models
from tests.unit.calibration.phantoms import leave_one_out, phantom
from tests.unit.calibration.simulated import poisson_scan, predicted

NOMINAL = (0.5, 0.8, 0.9, 0.95)


def test_the_truth_lies_inside_as_often_as_said() -> None:
    inside = {nominal: [] for nominal in NOMINAL}  # type: ignore[var-annotated]
    bounds: list[tuple[float, float]] = []
    for seed in range(12):
        truth, noisy, denoised = phantom(seed)
        entry = fit_channel(leave_one_out(noisy, denoised, slice(0, 44)), NOMINAL, (0.95,), np.random.default_rng(0))
        model = SignalModel.of(entry)
        judged = denoised[:, :, 52:]
        slope = np.stack([squared_slope(frame) for frame in denoised])[:, :, 52:]
        for nominal in NOMINAL:
            low, high = model.interval(judged, slope, nominal)
            inside[nominal].append(((low <= truth[:, 52:]) & (truth[:, 52:] <= high)).mean())
        below = (truth[:, 52:] >= model.bound("lower", judged, slope, 0.95)).mean()
        bounds.append((float(below), float((truth[:, 52:] <= model.bound("upper", judged, slope, 0.95)).mean())))
        repeat = 1.645 * np.sqrt((denoised - truth).var() + truth.mean() / 4)
        low, high = model.interval(judged, slope, 0.9)
        assert (high - low).mean() / 2 < 0.6 * repeat
    for nominal, shares in inside.items():
        assert np.mean(shares) == pytest.approx(nominal, abs=0.03)
    np.testing.assert_allclose(np.mean(bounds, axis=0), 0.95, atol=0.025)


def test_the_part_that_is_noise_is_said() -> None:
    truth, noisy, denoised = phantom(1)
    entry = fit_channel(leave_one_out(noisy, denoised, slice(0, 96)), (0.9,), (), np.random.default_rng(0))
    error, noise = np.square(denoised - truth).mean(), truth.mean() / 4
    assert entry["noise_share"] == pytest.approx(noise / (noise + error), abs=0.03)
    assert entry["error_low"] < np.sqrt(error) < entry["error_high"]


def test_a_file_of_counts_gets_intervals_and_one_of_unknown_noise_says_why_not(tmp_path: Path) -> None:
    content, why = fit_signal(predicted([poisson_scan(tmp_path / "a")]), NOMINAL, (0.75,))
    assert content is not None and why == "" and "Poisson" in content["sources"][0]
    models = signal_models({"signal": content}, ("Mg", "Fe"))
    assert models is not None and models[0].quantiles.keys() == {"0.5", "0.8", "0.9", "0.95"}
    assert models[0].bounds.keys() == {"0.75"}
    reference = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    files = poisson_scan(tmp_path / "b", reference=reference, reference_kind="measured", counts=False)
    content, why = fit_signal(predicted([files]), NOMINAL, ())
    assert content is None and "two or more repeats" in why and "reference of s" in why
    assert signal_models({"signal": None}, ("Mg",)) is None


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_channel_of_one_value_gets_finite_intervals(value: float) -> None:
    noisy = np.full((5, 48, 48), value)
    entry = fit_channel(
        leave_one_out(noisy, noisy.astype(np.float32), slice(0, 48)), (0.9,), (), np.random.default_rng(0)
    )
    assert np.isfinite(entry["quantiles"]["0.9"]).all() and np.isfinite(entry["error"])


@pytest.mark.parametrize("frames", [2, 8])
def test_a_rare_element_is_not_declared_absent(frames: int) -> None:
    """Where most medians are 0, the interval reaches up to what the counts of all these pixels allow."""
    inside = []
    for seed in range(6):
        noisy = np.random.default_rng(seed).poisson(0.004, (frames, 96, 96)).astype(float)
        denoised = np.stack([gaussian_filter(frame, 2) for frame in noisy]).astype(np.float32)
        entry = fit_channel(leave_one_out(noisy, denoised, slice(0, 44)), (0.9,), (), np.random.default_rng(0))
        slope = np.stack([squared_slope(frame) for frame in denoised])[:, :, 52:]
        low, high = SignalModel.of(entry).interval(denoised[:, :, 52:], slope, 0.9)
        inside.append(((low <= 0.004) & (high >= 0.004)).mean())
        assert high.mean() < 0.05
    assert np.mean(inside) > 0.87


def test_counts_that_are_not_poisson_are_found_out(tmp_path: Path) -> None:
    """Variance 2 x mean: taken from the frames, the error is that of the image again, and the page says so."""
    rng = np.random.default_rng(3)
    rate = rng.uniform(4, 8, (2, 40, 48))
    noisy = (2 * rng.poisson(rate / 2, (6, 2, 40, 48))).astype(np.uint8)
    median = (rate + rng.normal(0, 0.3, noisy.shape)).astype(np.float32)
    files = poisson_scan(
        tmp_path, noisy=noisy, reference=noisy.sum(0, dtype=np.uint32), frames=(median - 1, median, median + 1)
    )
    content, _ = fit_signal(predicted([files]), NOMINAL, ())
    assert content is not None
    for name, entry in content["channels"].items():
        assert entry["dispersion"] == pytest.approx(2, rel=0.1)
        assert entry["error"] == pytest.approx(0.3, rel=0.5)
        assert name in content["sources"][-1] and "not their mean" in content["sources"][-1]
