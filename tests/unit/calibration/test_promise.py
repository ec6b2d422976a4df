"""What the intervals promise, in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from noisebound.calibration.fitted import fit_corrections
from noisebound.calibration.pixels import read_calibration_pixels
from noisebound.calibration.promise import promise, target_in_words
from noisebound.calibration.targets import TRUE_TARGET
from noisebound.latent.sample import save_sample
from tests.unit.calibration.simulated import (
    fit_counts,
    fit_scans,
    poisson_scan,
    predicted,
    sample_of,
    section,
    simulated_scans,
)


def test_guarantee_names_target_and_scope(tmp_path: Path) -> None:
    fitted = fit_counts(poisson_scan(tmp_path), tmp_path / "c.json")
    assert fitted.target == "the mean of the other 3 frames, noisy itself"
    for words in (fitted.target, "approximately", "this field of view", "no guarantee at scan level"):
        assert words in fitted.guarantee
    rng = np.random.default_rng(0)
    measured = poisson_scan(tmp_path / "m", reference=rng.normal(5, 1, (2, 40, 48)), reference_kind="measured")
    assert fit_counts(measured, tmp_path / "m.json").target == "the reference measurement, noisy itself"


@pytest.mark.parametrize("unit", ["scan", "pac"])
def test_groups_promise_nothing_for_all_pixels_of_a_scan(tmp_path: Path, unit: str) -> None:
    """Of 12 scans, 3 have the bright bin: enough for the mean at 0.5, not at 0.8, and not for pac."""
    files = simulated_scans(tmp_path, 12)
    for file in files[:9]:
        with h5py.File(file.ensemble, "r+") as ensemble:
            for kind in ("lower", "median", "upper"):
                for place in (ensemble[kind], ensemble[f"frames/{kind}"]):
                    place[...] = np.minimum(place[...], 3.9)
    save_sample(tmp_path / "sample.npz", sample_of(np.linspace(0, 8, 4000)[:, None]))
    options: dict[str, Any] = {"groups": "intensity", "bins": 2, "smallest_group": 100, "unit": unit}
    nominal = [0.5, 0.8] if unit == "scan" else [0.5]
    fitted = fit_scans(
        files, tmp_path / "c.json", **options, sample=tmp_path / "sample.npz", nominal=nominal, primary=0.5
    )
    entries = fitted.content["corrections"][f"{nominal[-1]:g}"]["Fe"]["groups"]
    assert [part.get("of_all", False) for part in entries] == [False, True]
    for part in (
        "of 100 pixels of each bin of predicted intensity",
        "further scans that have it",
        "Nothing is promised for all pixels of a scan taken together",
        f"Too few calibration pixels or scans have bin 2 of Fe (at nominal {nominal[-1]:g})",
    ):
        assert part in fitted.guarantee
    assert "pixels of a further scan" not in fitted.guarantee


def test_the_promise_says_whether_the_target_is_the_true_signal(tmp_path: Path) -> None:
    pixels = read_calibration_pixels(predicted([poisson_scan(tmp_path)]), 16, delivered_only=False)
    measured = "the reference measurement, noisy itself"
    said = {
        (TRUE_TARGET,): "Covered is the true signal itself.",
        (measured,): "Covered is that measurement, not the true signal behind it.",
        (TRUE_TARGET, measured): "Elsewhere, what is covered is a measurement, not the true signal behind it.",
    }
    for targets, words in said.items():
        own = replace(pixels, targets=list(targets))
        assert target_in_words(own) == " or ".join(targets)
        found = promise(fit_corrections(own, None, section(), []))
        assert [sentence in found for sentence in said.values()] == [sentence == words for sentence in said.values()]
        assert f"hold {target_in_words(own)}, in about 90 of 100 pixels of this field of view taken together" in found
