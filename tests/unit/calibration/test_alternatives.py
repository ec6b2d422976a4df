"""Other ways to form the corrections: which are fitted, and that they are what asking for them gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile

from noisebound.calibration.modes import OTHERS, Mode
from tests.unit.calibration.simulated import (
    SHAPE,
    fit_misjudged,
    fit_scans,
    misjudged_scan,
    simulated_scans,
    write_sample,
)


def test_an_alternative_is_what_asking_for_it_gives(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path)
    medians = np.random.default_rng(0).uniform(0, 10, (3000, 2))
    sample = write_sample(tmp_path / "sample.npz", medians)
    tifffile.imwrite(tmp_path / "s.tif", np.indices(SHAPE)[0].astype(np.uint8) // 30)
    options = {"sample": sample, "tokens": [tmp_path / "s.tif"], "groups": "token", "smallest_group": 300}
    others = fit_misjudged(files, tmp_path, **options).content["others"]
    assert [other["name"] for other in others] == [mode.name for mode in OTHERS if mode.groups != "token"]
    for other in others:
        entry = other["corrections"]["0.8"]["Mg"]
        # Under groups by token the delivered frame alone is counted.
        assert entry["n"] == 60 * 40
        assert (len(entry.get("groups", [])) > 1) == (other["groups"] is not None)
    asked = fit_misjudged(files, tmp_path, score="asymmetric")
    plain = fit_misjudged(files, tmp_path)
    (beside,) = (other for other in plain.content["others"] if other["name"] == "asymmetric")
    assert beside["corrections"]["0.8"] == asked.content["corrections"]["0.8"]
    assert plain.content["corrections"]["0.8"] != asked.content["corrections"]["0.8"]


def test_what_was_asked_for_is_not_repeated_and_what_lacks_its_files_is_left_out(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path)
    names = [other["name"] for other in fit_misjudged(files, tmp_path, score="asymmetric").content["others"]]
    assert names == ["symmetric", "symmetric, scaled by width"]
    odd = Mode("asymmetric", "width", "none", "random")
    changes = {"score": odd.score, "scale": odd.scale, "ties": odd.ties}
    names = [other["name"] for other in fit_misjudged(files, tmp_path, **changes).content["others"]]
    assert names == ["symmetric", "asymmetric", "symmetric, scaled by width"]


def test_other_units_of_the_same_mode_are_fitted_where_they_are_finite(tmp_path: Path) -> None:
    """12 scans at 0.8: scan takes 4 of them and is chosen; pac takes 14; the asymmetric score takes 9 for scan."""
    others = fit_scans(simulated_scans(tmp_path, 12), tmp_path / "c.json").content["others"]
    found = [(other["name"], other["unit"]) for other in others]
    assert found == [("asymmetric", "scan"), ("symmetric, scaled by width", "scan"), ("symmetric", "pixel")]
    pooled = fit_scans(simulated_scans(tmp_path, 12), tmp_path / "d.json", unit="pixel")
    assert others[-1]["corrections"]["0.8"] == pooled.content["corrections"]["0.8"]
