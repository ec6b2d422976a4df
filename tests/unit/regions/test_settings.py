"""The settings of regions are keys of the configuration, whose schema alone has their defaults."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path

import yaml

from noisebound.regions.settings import RegionSettings

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "config.schema.yaml"


def test_every_setting_is_a_key_of_the_configuration_without_a_default_of_its_own() -> None:
    sections = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["properties"]
    keys = {*sections["regions"]["properties"], "max_radius"}
    assert "max_radius" in sections["architecture"]["properties"]
    assert {field.name for field in fields(RegionSettings)} == keys
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(RegionSettings))
