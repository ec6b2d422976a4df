"""What the ensemble needs of the configuration: the keys of the schema, and no values of its own."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path

import yaml

from noisebound.ensemble.settings import BasisSettings, EnsembleSettings

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"
SECTIONS = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]


def test_the_fields_are_those_that_the_rule_hands_on() -> None:
    """The section ``ensemble``, and the levels that the members were trained with."""
    assert {field.name for field in fields(EnsembleSettings)} == {*SECTIONS["ensemble"]["properties"], "levels"}
    assert "levels" in SECTIONS["training"]["properties"]


def test_no_field_has_a_value_of_its_own() -> None:
    assert all(field.default is MISSING for field in (*fields(EnsembleSettings), *fields(BasisSettings)))
