"""A configuration with the defaults of the schema, to be changed by tests."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from noisebound.core.errors import InputError
from noisebound.settings.violations import explain_violation

PROJECT = Path(__file__).resolve().parents[3]


SCHEMA = yaml.safe_load((PROJECT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))


def defaults(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        key: defaults(child) if "properties" in child else copy.deepcopy(child["default"])
        for key, child in schema["properties"].items()
        if "default" in child or "properties" in child
    }


def change(settings: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    *sections, last = key.split(".")
    place = settings
    for section in sections:
        place = place[section]
    place[last] = value
    return settings


def violation(content: dict[str, Any]) -> InputError:
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(SCHEMA).iter_errors(content))
    assert error is not None
    return explain_violation(error, "run.yaml")
