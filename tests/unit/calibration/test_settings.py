"""The section ``calibration``: its keys are those of the schema, and impossible values are refused."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

import pytest
import yaml

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
    assert section(score="asymmetric", ties="random").mode == Mode("asymmetric", "none", "none", "random", "each")


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
        ({"channels": "together"}, "different units.*set calibration.scale to width"),
        (
            {"channels": "together", "scale": "width", "groups": "intensity"},
            "bins of intensity.*none or token",
        ),
        ({"channels": "together", "scale": "width", "ties": "random"}, "ties to cover"),
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


def test_the_settings_are_keys_of_the_section_and_what_is_left_shapes_no_correction() -> None:
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    keys = set(schema["properties"]["calibration"]["properties"])
    assert keys - {field.name for field in fields(CalibrationSettings)} == {"bootstrap"}
    assert {field.name for field in fields(CalibrationSettings)} <= keys
