"""The section of the configuration: as the schema has it, with no default of its own."""

from __future__ import annotations

from dataclasses import MISSING, fields

import yaml

from noisebound.structure.settings import StructureSettings
from tests.software import ROOT


def test_the_schema_alone_has_the_defaults() -> None:
    schema = yaml.safe_load((ROOT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))
    section = schema["properties"]["structure"]["properties"]
    assert {field.name for field in fields(StructureSettings)} == set(section) - {"components"}, "of fit_latent_basis"
    assert all(field.default is MISSING and field.default_factory is MISSING for field in fields(StructureSettings))
