"""A page refuses to state what its results were not made with."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.provenance.stated import check_stated

CONFIG: dict[str, Any] = {
    "seed": 3,
    "training": {"steps": 20, "levels": [0.05, 0.95], "patch": [24, 24]},
    "calibration": {"nominal": [0.9, 0.5], "primary": 0.9, "block": 8},
    "decisions": {"exceed": [{"name": "=iron-rich", "channel": "Fe", "above": 1 / 3, "confidence": 0.9}]},
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Any]:
    members = [tmp_path / f"member-{number}.json" for number in range(2)]
    for member in members:
        member.write_text(json.dumps({"seed": 3, "training": CONFIG["training"]}))
    (tmp_path / "calibration.json").write_text(json.dumps({"nominal": [0.5, 0.9], "primary": 0.9}))
    rows = "kind,name,threshold,confidence\nexceed,'=iron-rich,0.333333333,0.9\nremeasure,remeasure,nan,nan\n"
    (tmp_path / "decisions.csv").write_text(rows)
    return {
        "member settings": members,
        "calibration": tmp_path / "calibration.json",
        "ranked regions": tmp_path / "decisions.csv",
        "member": tmp_path / "not-compared.pt",
    }


def test_settings_that_agree_pass(files: dict[str, Any]) -> None:
    check_stated(CONFIG, files)
    check_stated({"seed": 3}, files)


@pytest.mark.parametrize(
    ("section", "key", "value", "named"),
    [
        ("training", "steps", 40, "member-0.json"),
        ("training", "levels", [0.1, 0.9], "member-0.json"),
        ("calibration", "nominal", [0.5, 0.8, 0.9], "calibration.json"),
        ("calibration", "primary", 0.5, "calibration.json"),
    ],
)
def test_a_setting_that_no_result_was_made_with_is_refused(
    files: dict[str, Any], section: str, key: str, value: Any, named: str
) -> None:
    config = copy.deepcopy(CONFIG)
    config[section][key] = value
    with pytest.raises(InputError, match=named) as caught:
        check_stated(config, files)
    assert caught.value.key == f"{section}.{key}"


@pytest.mark.parametrize("change", [{"above": 2.0}, {"confidence": 0.95}, {"name": "other"}])
def test_a_decision_that_was_not_made_is_refused(files: dict[str, Any], change: dict[str, Any]) -> None:
    config = copy.deepcopy(CONFIG)
    config["decisions"]["exceed"][0].update(change)
    with pytest.raises(InputError, match=r"decisions\.csv"):
        check_stated(config, files)


def test_every_member_is_compared(files: dict[str, Any]) -> None:
    files["member settings"][1].write_text(json.dumps({"seed": 4, "training": CONFIG["training"]}))
    with pytest.raises(InputError, match=r"member-1\.json"):
        check_stated(CONFIG, files)
