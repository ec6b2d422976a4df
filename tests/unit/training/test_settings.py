"""The section ``training``: the dataclass has the keys of the schema that shape a network, and no values of its own."""

from __future__ import annotations

from dataclasses import MISSING, asdict, fields
from pathlib import Path

import pytest
import yaml

from noisebound.settings.trial import training_settings
from noisebound.training.settings import DataSettings, TrainingSettings

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"
SECTION = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]["training"]["properties"]
DEFAULTS = {key: entry["default"] for key, entry in SECTION.items()}


def test_the_fields_are_the_keys_of_a_rule_in_the_order_of_the_schema() -> None:
    """The order is that in which ``members/member-<m>.json`` lists them."""
    shaping = training_settings({"training": DEFAULTS})
    assert [field.name for field in fields(TrainingSettings)] == list(shaping)
    assert asdict(TrainingSettings(**shaping)) == shaping
    assert all(field.default is MISSING for field in fields(TrainingSettings))


def test_the_whole_section_gives_the_same_and_a_missing_key_is_named() -> None:
    assert TrainingSettings.of(DEFAULTS) == TrainingSettings(**training_settings({"training": DEFAULTS}))
    with pytest.raises(KeyError, match="clip"):
        TrainingSettings.of({key: value for key, value in DEFAULTS.items() if key != "clip"})


def test_transforms_are_those_of_input_and_target() -> None:
    assert DataSettings("sqrt", "none", counts=True).transforms == ("sqrt", "none")
