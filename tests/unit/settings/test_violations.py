"""Violations of the schema are explained in words a user can act on."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from noisebound.settings.violations import explain_violation
from tests.unit.settings.configured import SCHEMA, change, violation


def test_a_value_of_none_of_several_forms_is_explained(settings: dict[str, Any]) -> None:
    (error,) = jsonschema.Draft202012Validator(SCHEMA).iter_errors(change(settings, "search.keys", {"a.b": 4}))
    text = str(explain_violation(error, "run.yaml"))
    assert "'search.keys.a.b', value 4" in text and "Remedy: a list of one or more values" in text


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("structure.tokens", 1, ["structure.tokens", "value 1", "at least 2"]),
        ("data.kind", "count", ["data.kind", "'count'", "counts", "intensity"]),
        ("data.channels", ["a", "a"], ["data.channels", "every entry once"]),
        ("calibration.nominal", [0.0], ["calibration.nominal.0", "above 0"]),
        ("training.weight_decay", "1e-2", ["training.weight_decay", "'1e-2'", "give number", "1.0e-3"]),
        ("regions.guard", -1, ["regions.guard", "-1", "at least 0"]),
        ("run", "a/b", ["'run'", "a/b"]),
    ],
)
def test_violation_of_the_schema_is_explained(settings: dict[str, Any], key: str, value: Any, words: list[str]) -> None:
    message = str(violation(change(settings, key, value)))
    for word in ["run.yaml", "Remedy: ", *words]:
        assert word in message


def test_unknown_and_missing_keys_are_explained(settings: dict[str, Any]) -> None:
    message = str(violation(change(settings, "architecture.deepth", 3)))
    for word in ("architecture.deepth", "unknown key", "depth"):
        assert word in message
    settings["architecture"].pop("deepth")
    del settings["run"]
    assert "'run' is a required property" in str(violation(settings))
