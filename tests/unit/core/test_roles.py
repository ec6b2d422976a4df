"""Roles are the same in the library, in the schema of the sheet, and in the drawn layouts."""

from __future__ import annotations

from pathlib import Path

import yaml

from noisebound.core.roles import DISJOINT_ROLES, SHEET_ROLES
from noisebound.core.sources import LEAVE_ONE_OUT
from noisebound.regions.layout import LAYOUT_LETTERS

SCHEMA = Path(__file__).parents[3] / "workflow" / "schemas" / "scans.schema.yaml"


def named(content: object, key: str) -> list[object]:
    """All values that stand under a key, however deep."""
    if isinstance(content, dict):
        return [value for name, value in content.items() if name == key] + [
            found for value in content.values() for found in named(value, key)
        ]
    return [found for value in content for found in named(value, key)] if isinstance(content, list) else []


def test_the_schema_of_the_sheet_knows_the_same_roles_and_words() -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    assert list(SHEET_ROLES) in named(schema, "enum")
    assert named(schema, "const") == [LEAVE_ONE_OUT]


def test_layouts_have_a_letter_for_every_role_that_must_be_kept_apart() -> None:
    assert {role for role in LAYOUT_LETTERS.values() if role} == set(DISJOINT_ROLES)
    assert {letter: role for letter, role in LAYOUT_LETTERS.items() if role} == {
        "T": "train",
        "S": "select",
        "C": "calibrate",
        "E": "test",
    }
