"""Corrections of all channels: nested over units, refused where scans are too few."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from noisebound.core.errors import InputError
from tests.unit.calibration.simulated import (
    fit_scans,
    simulated_scans,
)


def test_delivered_intervals_are_nested_where_units_differ(tmp_path: Path) -> None:
    """With 12 scans, 0.9 can speak of scans and 0.95 of pixels only, whose interval alone would be the narrower one."""
    files = simulated_scans(tmp_path, 12)
    fitted = fit_scans(files, tmp_path / "c.json", nominal=[0.5, 0.9, 0.95], primary=0.9)
    assert fitted.content["units"] == {"0.5": "scan", "0.9": "scan", "0.95": "pixel"}
    amounts = [fitted.content["corrections"][key]["Fe"]["upper"] for key in ("0.5", "0.9", "0.95")]
    alone = fit_scans(files, tmp_path / "d.json", nominal=[0.95], primary=0.95, unit="pixel")
    assert alone.content["corrections"]["0.95"]["Fe"]["upper"] < amounts[1]
    assert amounts[0] < amounts[1] == amounts[2]


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
