"""What a page says of the signal, against the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.report.scan_images import ScanImages
from noisebound.report.signal import about_signal
from tests.unit.calibration.simulated import fit_counts, poisson_scan


def test_the_width_is_taken_apart(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    fitted = fit_counts(files, tmp_path / "c.json")
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Scan(files.scan) as scan, Predictions(tmp_path / "d.h5") as denoised:
        images = ScanImages(scan, denoised)
        found = about_signal(images, fitted)
        low, high = denoised.read_signal(0.9)
        repeat = denoised.read_interval(0.9)
        np.testing.assert_array_equal(images.layers["lower"][0], low)
        np.testing.assert_array_equal(images.layers["repeat_upper"][0], repeat[1])
    assert found["signal_known"] and not found["signal_missing"] and "Poisson" in found["signal_sources"][0]
    for c, row in enumerate(found["signal_parts"]):
        assert row["half"] == pytest.approx((high[c] - low[c]).mean() / 2, rel=1e-5)
        assert row["repeat_half"] == pytest.approx((repeat[1][c] - repeat[0][c]).mean() / 2, rel=1e-5)
        assert 0 < row["error_low"] < row["error"] < row["error_high"]
    iron = found["signal_parts"][1]
    assert iron["noise_share"] > 0.9 and iron["half"] < 0.4 * iron["repeat_half"]


def test_where_nothing_is_known_of_the_noise_the_page_says_so(tmp_path: Path) -> None:
    reference = np.random.default_rng(0).normal(5, 1, (2, 40, 48)).astype(np.float32)
    files = poisson_scan(tmp_path, reference=reference, reference_kind="measured", counts=False)
    fitted = fit_counts(files, tmp_path / "c.json", counts=False)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    with Scan(files.scan) as scan, Predictions(tmp_path / "d.h5") as denoised:
        images = ScanImages(scan, denoised)
        found = about_signal(images, fitted)
        np.testing.assert_array_equal(images.layers["lower"][0], denoised.read_interval(0.9)[0])
    assert "repeat_lower" not in images.layers and not found["signal_known"] and found["signal_parts"] == []
    assert "nothing is known about the noise of the reference" in found["signal_missing"]
