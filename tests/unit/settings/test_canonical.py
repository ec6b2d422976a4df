"""Configurations that mean the same are written the same; those that differ stay different."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.settings.canonical import canonical_settings

SCHEMA = yaml.safe_load(
    (Path(__file__).resolve().parents[3] / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
)


def complete(content: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    """Fill defaults behind the keys that are there, as Snakemake does: their order is another one."""
    for key, described in schema.get("properties", {}).items():
        if "default" in described:
            content.setdefault(key, copy.deepcopy(described["default"]))
        if isinstance(content.get(key), dict):
            complete(content[key], described)
    return content


def written(**sections: Any) -> str:
    content = complete({"run": "r", "scans": "scans.tsv", **copy.deepcopy(sections)})
    jsonschema.validate(content, SCHEMA)
    return repr(canonical_settings(content, SCHEMA))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"training": {"patience": 10}, "ensemble": {"combine": "average"}}),
        ({"training": {"steps": 40, "batch": 2}}, {"training": {"batch": 2, "steps": 40}}),
        ({"training": {"learning_rate": 1}}, {"training": {"learning_rate": 1.0}}),
        ({"training": {"steps": 40.0}}, {"training": {"steps": 40}}),
        ({"training": {"patch": [24.0, 24]}}, {"training": {"patch": [24, 24]}}),
        ({"regions": {"guard": 5.0}}, {"regions": {"guard": 5}}),
        ({"architecture": {"parameters": [10.0, 20]}}, {"architecture": {"parameters": [10, 20.0]}}),
        ({"data": {"dimensions": 2.0}}, {"data": {"dimensions": 2}}),
        ({"ensemble": {"tile": [64.0, 64]}}, {"ensemble": {"tile": [64, 64]}}),
        ({"scans": "./a/../scans.tsv"}, {"scans": "scans.tsv"}),
        ({"results": "results/"}, {"results": "./results"}),
        (
            {"decisions": {"exceed": [{"name": "n", "channel": "c", "above": 3}]}},
            {"decisions": {"exceed": [{"above": 3.0, "channel": "c", "name": "n"}]}},
        ),
        (
            {"decisions": {"exceed": [{"name": "n", "channel": "c", "above": -0.0}]}},
            {"decisions": {"exceed": [{"name": "n", "channel": "c", "above": 0}]}},
        ),
        (
            {"search": {"keys": {"training.batch": [4.0], "architecture.depth": [1, 2]}}},
            {"search": {"keys": {"architecture.depth": [1.0, 2], "training.batch": [4]}}},
        ),
        (
            {"search": {"keys": {"architecture.depth": {"to": 8.0, "from": 4}}}},
            {"search": {"keys": {"architecture.depth": {"from": 4, "to": 8, "log": False}}}},
        ),
    ],
)
def test_what_means_the_same_is_written_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert written(**one) == written(**other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"training": {"steps": 40}}, {"training": {"steps": 41}}),
        ({"regions": {"guard": "auto"}}, {"regions": {"guard": 14}}),
        ({"architecture": {"dilations": [1, 2]}}, {"architecture": {"dilations": [2, 1]}}),
        ({"architecture": {"parameters": 1000}}, {"architecture": {"parameters": [1000, 1000]}}),
        ({"ensemble": {"keep_members": True}}, {"ensemble": {"keep_members": False}}),
        ({"training": {"rim": None}}, {"training": {"rim": 0}}),
        ({"drift": {"level": 0.1}}, {"drift": {"correlation": 0.1, "level": 0.05}}),
        ({"search": {"keys": {"training.batch": [4]}}}, {"search": {"keys": {"training.batch": [8]}}}),
    ],
)
def test_what_differs_stays_different(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert written(**one) != written(**other)


def shuffled(content: Any, chance: random.Random) -> Any:
    """The same content with keys in any order and numbers in any type that has their value."""
    if isinstance(content, dict):
        keys = list(content)
        chance.shuffle(keys)
        return {key: shuffled(content[key], chance) for key in keys}
    if isinstance(content, list):
        return [shuffled(entry, chance) for entry in content]
    if isinstance(content, int | float) and not isinstance(content, bool) and content == int(content):
        return chance.choice((int, float))(content)
    return content


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_the_documented_configuration_in_any_order_and_any_numbers(chance: random.Random) -> None:
    documented = Path(__file__).resolve().parents[3] / "config" / "config.yaml"
    content = yaml.safe_load(documented.read_text(encoding="utf-8"))
    other = shuffled(content, chance)
    jsonschema.validate(other, SCHEMA)
    plain = repr(canonical_settings(complete(copy.deepcopy(content)), SCHEMA))
    assert repr(canonical_settings(complete(other), SCHEMA)) == plain
    again = canonical_settings(complete(copy.deepcopy(content)), SCHEMA)
    assert repr(canonical_settings(again, SCHEMA)) == plain


def test_values_are_kept_and_the_original_is_not_changed() -> None:
    content = complete({"run": "r", "scans": "s.tsv", "training": {"batch": 3, "steps": 5}})
    before = copy.deepcopy(content)
    found = canonical_settings(content, SCHEMA)
    assert content == before == found
    found["training"]["steps"] = 6
    assert content == before
