"""The file ``calibration.json`` as read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from noisebound.calibration.calibration_file import NEEDED, CalibrationFile
from noisebound.core.errors import InputError

ENTRY = {"lower": 1.0, "upper": 2.0, "n": 9, "k": 9}
CONTENT: dict[str, Any] = {
    "channels": ["Mg", "Fe"],
    "nominal": [0.5, 0.9],
    "primary": 0.9,
    "floor": None,
    "corrections": {"0.5": {"Fe": ENTRY, "Mg": ENTRY | {"upper": 3.0}}},
    "units": {"0.5": "pac", "0.9": "scan"},
}


@pytest.mark.parametrize("key", NEEDED)
def test_a_file_without_a_key_is_refused_by_name(tmp_path: Path, key: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({name: value for name, value in CONTENT.items() if name != key}))
    with pytest.raises(InputError, match=rf"c\.json.*not a calibration, {key} missing.*fit_calibration"):
        CalibrationFile.read(path)


def test_what_a_file_says_is_read(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(CONTENT))
    file = CalibrationFile.read(path)
    assert (file.channels, file.nominal, file.primary, file.floor) == (("Mg", "Fe"), (0.5, 0.9), 0.9, None)
    assert (file.unit(0.5), file.unit(0.9), file.about_scans) == ("pac", "scan", True)
    assert (file.scaled, file.by_token, file.random_ties) == (False, False, False)
    other = CalibrationFile(CONTENT | {"floor": 0, "scale": "width", "ties": True, "groups": {"by": "token"}})
    assert (other.floor, other.scaled, other.by_token, other.random_ties) == (0.0, True, True, True)
    assert not CalibrationFile(CONTENT | {"groups": {"by": "intensity"}}).by_token
    assert not CalibrationFile({key: CONTENT[key] for key in NEEDED}).about_scans


def test_entries_follow_the_order_of_the_channels_and_unknown_values_name_what_there_is(tmp_path: Path) -> None:
    file = CalibrationFile(CONTENT, tmp_path / "c.json")
    assert [entry["upper"] for entry in file.entries("corrections", 0.5, "calibration.nominal")] == [3.0, 2.0]
    with pytest.raises(InputError, match=r"c\.json.*calibration\.nominal.*0\.9.*calibrated are only 0\.5"):
        file.entries("corrections", 0.9, "calibration.nominal")
    with pytest.raises(InputError, match="calibrated are only none"):
        file.entries("one_sided", 0.5, "decisions.exceed.confidence")


@pytest.mark.parametrize("channels", [("Fe", "Mg"), ("Mg",), ("Mg", "Fe", "Si"), ("Mg", "fe")])
def test_other_channels_or_another_order_are_refused(channels: tuple[str, ...]) -> None:
    file = CalibrationFile(CONTENT)
    file.check_channels(["Mg", "Fe"], "e.h5")
    with pytest.raises(InputError, match=r"e\.h5.*not the calibrated ones \['Mg', 'Fe'\]"):
        file.check_channels(channels, "e.h5")
