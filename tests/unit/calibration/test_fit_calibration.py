"""The step fit_calibration: what it counts, against plain counting; what it refuses."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.ranks import conformal_rank
from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import (
    NOMINAL,
    calibrate_pixels,
    fit_counts,
    fit_scans,
    poisson_scan,
    simulated_scans,
)


@pytest.mark.parametrize("score", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("counts", [True, False])
def test_coverage_on_calibration_pixels_is_at_least_k_of_n(tmp_path: Path, score: Any, counts: bool) -> None:
    files = poisson_scan(tmp_path, counts=counts)
    fitted = fit_counts(files, tmp_path / "c.json", score=score, counts=counts)
    pixels = calibrate_pixels(files)
    n = 4 * 40 * 19
    assert fitted.content["n_pixels"] == n
    assert fitted.content["n_frames"] == 4
    assert fitted.content["n_scans"] == 1
    assert fitted.content["sources"] == [{"scan": "s", "boxes": 2, "frames": 4, "pixels": n}]
    for nominal in NOMINAL:
        inside = np.zeros(2)
        for lower, median, upper, target in pixels:
            low, high, _ = fitted.interval(lower, median, upper, nominal)
            assert low.dtype == high.dtype == np.float32
            inside += ((low <= target) & (target <= high)).sum(axis=1)
        for c, name in enumerate(("Mg", "Fe")):
            entry = fitted.content["corrections"][f"{nominal:g}"][name]
            rank = conformal_rank(n, nominal) if score == "symmetric" else 2 * entry["k"] - n
            assert entry["n"] == n
            assert inside[c] >= rank
            scores = np.concatenate(
                [np.maximum(x[c].astype(float) - t[c], t[c].astype(float) - z[c]) for x, _, z, t in pixels]
            )
            if score == "symmetric":
                assert entry["lower"] == entry["upper"] == np.sort(scores)[entry["k"] - 1]
    for confidence in (0.75, 0.95):
        below = sum((fitted.bound("lower", x, m, z, confidence) <= t).sum(axis=1) for x, m, z, t in pixels)
        above = sum((fitted.bound("upper", x, m, z, confidence) >= t).sum(axis=1) for x, m, z, t in pixels)
        assert (below >= conformal_rank(n, confidence)).all()
        assert (above >= conformal_rank(n, confidence)).all()
        images = pixels[0][:3]
        one = fitted.bound("lower", *(image[1] for image in images), confidence, "Fe")
        np.testing.assert_array_equal(one, fitted.bound("lower", *images, confidence)[1])


def test_unusable_input_is_refused_by_name(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    output = tmp_path / "c.json"
    for key, changes in {
        "calibration.primary": {"primary": 0.7},
        "calibration.nominal": {"nominal": [0.9, 1.0]},
        "calibration.score": {"score": "both"},
        "calibration.unit": {"unit": "scan"},
        "decisions.exceed.confidence": {"confidences": [0.0]},
    }.items():
        with pytest.raises(InputError, match=key):
            fit_counts(files, output, **changes)
    nothing = poisson_scan(tmp_path / "n", boxes=[Box("test", (0, 0), (9, 9))])
    with pytest.raises(InputError, match=r"no scan has a region to calibrate on.*Remedy"):
        fit_counts(nothing, output)
    blind = poisson_scan(tmp_path / "b", reference=None, reference_kind="none")
    with pytest.raises(InputError, match="no reference"):
        fit_counts(blind, output)
    assert not output.exists()
    fit_counts(files, output)
    other = poisson_scan(tmp_path / "o", channels=("Mg", "Ca"))
    with pytest.raises(InputError, match=r"o/s.ensemble.h5.*not the calibrated ones"):
        calibrate_scan(other.ensemble, output, tmp_path / "d.h5", tmp_path / "d.tif")


def test_scans_weigh_the_same_and_split_ones_do_not_count(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12, split=True)
    fitted = fit_scans(files, tmp_path / "c.json", confidences=[0.75], nominal=[0.5, 0.8])
    content = fitted.content
    assert content["unit"] == "auto"
    assert content["units"] == {"0.5": "scan", "0.8": "scan"}
    assert content["n_whole_scans"] == 12
    assert content["n_scans"] == 13
    assert content["corrections"]["0.8"]["Fe"]["n"] == 12
    assert content["corrections"]["0.8"]["Fe"]["k"] == math.ceil(13 * 0.8)
    only = fit_scans(files[:-1], tmp_path / "d.json", unit="scan", nominal=[0.5, 0.8])
    assert only.content["corrections"] == content["corrections"]
    assert "At scan level, on average" in fitted.guarantee
    assert "the 12 scans" in fitted.guarantee
    assert "at 0.8, 9 for scan and 14 for pac" in content["unit_reason"]
    assert (
        fit_scans(files, tmp_path / "e.json", unit="pixel").content["corrections"]["0.8"]["Fe"]["n"]
        == 2 * 168 * 12 + 144
    )


def test_one_split_scan_gets_what_pixel_gives(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 0, split=True)
    auto, pixel = (fit_scans(files, tmp_path / f"{unit}.json", unit=unit) for unit in ("auto", "pixel"))
    assert auto.content["corrections"] == pixel.content["corrections"]
    assert auto.guarantee == pixel.guarantee
    assert "for no scan of role calibrate" in auto.content["unit_reason"]
