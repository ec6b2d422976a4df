"""Which channels show structure, and the unit of the noisy frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.calibration.channel_structure import channel_structure, noisy_scale
from noisebound.calibration.pixels import read_calibration_pixels
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import predicted
from tests.unit.predicted_scan import Files, write_predicted_scan


@pytest.mark.parametrize(("signal", "structured"), [(0.0, False), (0.3, False), (0.8, True), (3.0, True)])
def test_structure_is_told_by_what_image_and_reference_share(signal: float, structured: bool) -> None:
    """The reference has noise of variance 1, the image errors of its own of variance 0.1."""
    rng = np.random.default_rng(3)
    truth = 5 + signal * rng.normal(size=20_000)
    median = (truth + rng.normal(0, 0.1**0.5, truth.size)).astype(np.float32)
    target = (truth + rng.normal(size=truth.size)).astype(np.float32)
    found = channel_structure(median, target)
    assert found["structured"] is structured
    assert found["signal"] == pytest.approx(signal**2, rel=0.02, abs=0.05)
    assert found["rest"] == pytest.approx(1.1, abs=0.05)


def test_an_image_without_any_variation_has_no_structure() -> None:
    flat = np.ones(50, np.float32)
    assert channel_structure(flat, flat)["structured"] is False


def scan(folder: Path, name: str, dose: float, rng: np.random.Generator, frames: int = 2) -> Files:
    rate = rng.uniform(1, 3, (1, 24, 30))
    noisy = rng.poisson(rate * dose, (frames, 1, 24, 30)).astype(np.float32)
    median = np.broadcast_to(rate, (frames, 1, 24, 30))
    return write_predicted_scan(
        folder / name,
        name=name,
        channels=("Fe",),
        noisy=noisy,
        reference=(20 * rate).astype(np.float32),
        reference_kind="measured",
        frames=(median - 1, median, median + 1),
        boxes=[Box("calibrate", (0, 0), (24, 20))],
        counts=True,
    )


def test_a_long_reference_counts_more_than_a_frame_with_an_error_from_the_spread_over_scans(tmp_path: Path) -> None:
    errors, factors = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        doses = rng.normal(1, 0.1, 6)
        files = [scan(tmp_path / str(seed), f"s{k}", dose, rng) for k, dose in enumerate(doses)]
        found = noisy_scale(read_calibration_pixels(predicted(files), 8, delivered_only=False), 0)
        assert found["factor"] is not None and found["error"] is not None
        factors.append(found["factor"])
        errors.append(found["error"])
    assert np.mean(factors) == pytest.approx(20, rel=0.05)
    assert np.mean(errors) == pytest.approx(0.1 / 6**0.5, rel=0.3)
    assert np.std(factors) / 20 == pytest.approx(0.1 / 6**0.5, rel=0.6)
    alone = noisy_scale(read_calibration_pixels(predicted(files[:1]), 8, delivered_only=False), 0)
    # Two frames of 480 px with about 2 counts each.
    assert alone["error"] == pytest.approx((2 * 480 * 2 * doses[0]) ** -0.5, rel=0.1)


def test_without_counts_there_is_no_scale(tmp_path: Path) -> None:
    files = scan(tmp_path, "dark", 0.0, np.random.default_rng(1))
    pixels = read_calibration_pixels(predicted([files]), 8, delivered_only=False)
    assert noisy_scale(pixels, 0) == {"factor": None, "error": None}
