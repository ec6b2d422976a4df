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
    assert [other["name"] for other in others] == [mode.name for mode in OTHERS]
    for other in others:
        entry = other["corrections"]["0.8"]["Mg"]
        # Under groups by token the delivered frame alone is counted.
        assert entry["n"] == 60 * 40
        assert (len(entry.get("groups", [])) > 1) == (other["groups"] is not None)
    asked = fit_misjudged(files, tmp_path, score="asymmetric", scale="width")
    plain = fit_misjudged(files, tmp_path)
    (beside,) = (other for other in plain.content["others"] if other["name"] == "asymmetric, scaled by width")
    assert beside["corrections"]["0.8"] == asked.content["corrections"]["0.8"]
    assert plain.content["corrections"]["0.8"] != asked.content["corrections"]["0.8"]


def test_what_was_asked_for_is_not_repeated_and_what_lacks_its_files_is_left_out(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path)
    names = [other["name"] for other in fit_misjudged(files, tmp_path, score="asymmetric").content["others"]]
    scaled, joint = "symmetric, scaled by width", "symmetric, scaled by width, all channels together"
    both = ["asymmetric, scaled by width", "symmetric"]
    assert names == [scaled, *both, joint]
    odd = Mode("asymmetric", "width", "none", "random", "each")
    changes = {"score": odd.score, "scale": odd.scale, "ties": odd.ties}
    names = [other["name"] for other in fit_misjudged(files, tmp_path, **changes).content["others"]]
    assert names == [scaled, *both, joint]


def test_other_units_of_the_same_mode_are_fitted_where_they_are_finite(tmp_path: Path) -> None:
    """12 scans at 0.8: auto takes scan from 9 on and chooses it, from 19 on with the asymmetric score; pac takes 14."""
    others = fit_scans(simulated_scans(tmp_path, 12), tmp_path / "c.json").content["others"]
    found = [(other["name"], other["unit"]) for other in others]
    scaled = "symmetric, scaled by width"
    assert found == [(scaled, "scan"), (f"a{scaled}", "pixel"), ("symmetric", "pixel")]
    pooled = fit_scans(simulated_scans(tmp_path, 12), tmp_path / "d.json", unit="pixel")
    assert others[-1]["corrections"]["0.8"] == pooled.content["corrections"]["0.8"]


def test_alternatives_are_fitted_at_all_coverages_that_their_unit_keeps_finite(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12)
    options = {"nominal": [0.5, 0.8, 0.95], "primary": 0.8}
    others = fit_scans(files, tmp_path / "c.json", **options, unit="pixel").content["others"]
    (scan,) = (other for other in others if other["unit"] == "scan")
    assert list(scan["corrections"]) == list(scan["units"]) == ["0.5", "0.8"]
    (scaled,) = (other for other in others if other["name"] == "symmetric, scaled by width")
    asked = fit_scans(files, tmp_path / "d.json", **options, unit="pixel", scale="width")
    assert scaled["corrections"] == asked.content["corrections"]
