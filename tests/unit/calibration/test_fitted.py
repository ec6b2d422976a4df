"""Corrections of all channels: nested over units, refused where scans are too few."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.calibration.corrections import nest
from noisebound.calibration.fitted import fit_corrections
from noisebound.calibration.pixels import read_calibration_pixels
from noisebound.core.errors import InputError
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import (
    fit_scans,
    misjudged_scan,
    poisson_scan,
    predicted,
    section,
    simulated_scans,
)


def test_delivered_intervals_are_nested_where_units_differ(tmp_path: Path) -> None:
    """With 19 scans, 0.9 can speak of scans and 0.95 of pixels only."""
    files = simulated_scans(tmp_path, 19)
    fitted = fit_scans(files, tmp_path / "c.json", nominal=[0.5, 0.9, 0.95], primary=0.9)
    assert fitted.content["units"] == {"0.5": "scan", "0.9": "scan", "0.95": "pixel"}
    amounts = [fitted.content["corrections"][key]["Fe"]["upper"] for key in ("0.5", "0.9", "0.95")]
    assert amounts[0] < amounts[1] <= amounts[2]
    # Where scans differ so much that 0.95 of pixels alone would be narrower, it is as wide as 0.9 of scans.
    table = {0.9: {"lower": 2.0, "upper": 2.0}, 0.95: {"lower": 3.0, "upper": 1.0}}
    nest(table)
    assert table[0.95] == {"lower": 3.0, "upper": 2.0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unit": "scan", "nominal": [0.5, 0.8, 0.95]}, "needs 19"),
        ({"unit": "pac"}, "needs 14"),
        ({"unit": "scan", "score": "asymmetric", "nominal": [0.8, 0.9]}, "needs 19"),
        ({"unit": "scan", "confidences": [0.99]}, "decisions.exceed.confidence"),
    ],
)
def test_a_unit_that_the_scans_cannot_carry_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    files = simulated_scans(tmp_path, 12)
    with pytest.raises(InputError, match=r"calibration.unit.*Remedy: give \d+ scans") as error:
        fit_scans(files, tmp_path / "c.json", **changes)
    assert words in str(error.value)
    assert not (tmp_path / "c.json").exists()


def test_corrections_are_finite_where_there_are_enough_pixels_and_named_where_there_are_not(tmp_path: Path) -> None:
    """8 pixels in each of 4 frames allow a rank for 0.9, and not for 0.99."""
    files = poisson_scan(tmp_path, boxes=[Box("calibrate", (0, 0), (2, 4))])
    pixels = read_calibration_pixels(predicted([files]), 16, delivered_only=False)
    fitted = fit_corrections(pixels, None, section(nominal=[0.9, 0.99], primary=0.9), [0.5, 0.995])
    assert fitted.infinite == [
        *("nominal 0.99 in channel Mg", "confidence 0.995 in channel Mg"),
        *("nominal 0.99 in channel Fe", "confidence 0.995 in channel Fe"),
    ]
    for table in fitted.tables.values():
        for value, entries in table.items():
            assert all(math.isfinite(entry["upper"]) == (float(value) < 0.95) for entry in entries.values())
    assert fitted.unit == "pixel"
    assert (fitted.units, fitted.bound_units) == ({0.9: "pixel", 0.99: "pixel"}, {0.5: "pixel", 0.995: "pixel"})
    assert fitted.borrowed == {}


def test_groups_that_are_too_small_are_named_with_the_coverages_they_borrow_for(tmp_path: Path) -> None:
    """A bin of about 24 pixels carries 0.9 and not 0.99; the other has thousands."""
    files = misjudged_scan(tmp_path, frames=1)
    pixels = read_calibration_pixels(predicted([files]), 16, delivered_only=False)
    rare = np.quantile(pixels.median(0), 0.99)
    training = np.stack([np.array([0.0, 0, rare, 20, 20]), np.zeros(5)], 1).astype(np.float32)
    settings = section(nominal=[0.9, 0.99], primary=0.9, groups="intensity", bins=2, smallest_group=10)
    fitted = fit_corrections(pixels, training, settings, [0.99])
    assert fitted.groups.names == {"Mg": ["bin 1 of Mg", "bin 2 of Mg"], "Fe": ["bin 1 of Fe"]}
    assert fitted.borrowed == {"bin 2 of Mg": ["nominal 0.99", "confidence 0.99"]}
    small, large = (fitted.tables["nominal"][value]["Mg"] for value in ("0.9", "0.99"))
    # What is borrowed is widened where the group's own interval at a smaller coverage reaches further.
    assert large["groups"][1]["upper"] == max(large["upper"], small["groups"][1]["upper"])
    assert large["groups"][1]["n"] == large["n"] == 60 * 40
    assert large["groups"][0]["n"] == 60 * 40 - small["groups"][1]["n"]
