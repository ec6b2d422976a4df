"""The section ``decisions``: its keys are those of the schema."""

from __future__ import annotations

from dataclasses import MISSING, fields

from noisebound.decisions.exceedance import EXCEED_KEYS
from noisebound.decisions.settings import DecisionSettings
from tests.software import ROOT
from tests.unit.calibration.simulated import SCHEMA


def test_keys_are_those_of_the_schema_and_defaults_live_there_alone() -> None:
    section = SCHEMA["properties"]["decisions"]["properties"]
    assert {field.name for field in fields(DecisionSettings)} == section.keys()
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(DecisionSettings))
    assert set(EXCEED_KEYS) == section["exceed"]["items"]["properties"].keys()
    rule = (ROOT / "workflow" / "rules" / "recommend_regions.smk").read_text(encoding="utf-8")
    assert 'settings=section("decisions", DecisionSettings)' in rule
