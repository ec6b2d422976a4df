"""The section ``calibration``: its keys are those of the schema, and impossible values are refused."""

from __future__ import annotations

import ast
import re
from dataclasses import MISSING, fields
from typing import Any

import pytest

from noisebound.calibration.modes import Mode
from noisebound.calibration.settings import CalibrationSettings, check_primary
from noisebound.core.errors import InputError
from tests.software import ROOT
from tests.unit.calibration.simulated import SCHEMA, section


def test_keys_are_those_of_the_schema_and_defaults_live_there_alone() -> None:
    keys = SCHEMA["properties"]["calibration"]["properties"]
    assert {field.name for field in fields(CalibrationSettings)} == keys.keys() - {"bootstrap"}
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(CalibrationSettings))
    section().check()
    assert section(score="asymmetric", ties="random").mode == Mode("asymmetric", "none", "none", "random")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nominal": [0.9, 0.0]}, "calibration.nominal.*0.0.*not a probability"),
        ({"nominal": [0.9, 1.0]}, "calibration.nominal.*1.0.*not a probability"),
        ({"nominal": [0.9, float("nan")]}, "calibration.nominal.*nan.*not a probability"),
        ({"confidence": 1.0}, "calibration.confidence.*not a probability"),
        ({"primary": 0.7}, r"calibration.primary.*0.7.*0.9, 0.95\]"),
        ({"primary": 0.1 + 0.2, "nominal": [0.3]}, "calibration.primary.*0.30000000000000004"),
        ({"unit": "image"}, "calibration.unit.*'image'.*auto or pixel or scan or pac"),
        ({"ties": "drop"}, "calibration.ties.*'drop'.*cover or random"),
    ],
)
def test_what_no_calibration_can_have_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        section(**changes).check()


def test_the_primary_coverage_is_named_with_its_file() -> None:
    check_primary([0.5, 0.9], 0.9)
    with pytest.raises(InputError, match=r"file 'config.yaml'.*calibration.primary.*use one of \[0.5, 0.9\]"):
        check_primary([0.5, 0.9], 0.8, "config.yaml")


def test_the_rule_hands_on_every_key() -> None:
    workflow = ROOT / "workflow"
    rule = (workflow / "rules" / "fit_calibration.smk").read_text(encoding="utf-8")
    line = re.search(r"settings=\{key: config\[\"calibration\"\]\[key\] for key in (\(.*\))\}", rule)
    assert line is not None
    places = [workflow / "rules" / "common.smk", *(workflow / "lib" / "noisebound" / "settings").glob("*.py")]
    (mode,) = re.findall(
        r"^CALIBRATION_MODE = (\(.*\))$", "\n".join(path.read_text() for path in places), flags=re.MULTILINE
    )
    keys = eval(line[1], {"CALIBRATION_MODE": ast.literal_eval(mode)})
    assert sorted(keys) == sorted(field.name for field in fields(CalibrationSettings))
