"""config/README.md explains every key and every column, with the default that the schema has, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[3]
REQUIRED = object()


def schema(name: str) -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "workflow" / "schemas" / name).read_text(encoding="utf-8"))


def keys(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys of a schema with their defaults; sections themselves are left out, lists of mappings are entered."""
    for name, child in node.get("properties", {}).items():
        path = f"{prefix}{name}"
        items = child.get("items", {})
        if "properties" not in child or prefix:
            yield path, REQUIRED if name in node.get("required", []) else child["default"]
        yield from keys(child, f"{path}.")
        if isinstance(items, dict) and "properties" in items:
            yield from keys(items, f"{path}.")


def rows() -> dict[str, list[str]]:
    """Cells of all table rows of the page by the name in their first cell."""
    found: dict[str, list[str]] = {}
    for line in (PROJECT / "config" / "README.md").read_text(encoding="utf-8").splitlines():
        match = re.match(r"\| `([\w.]+)` \|(.*)\|$", line)
        if match:
            assert match[1] not in found, f"{match[1]} is explained twice"
            found[match[1]] = [cell.strip() for cell in match[2].split("|")]
    return found


KEYS = dict(keys(schema("config.schema.yaml")))
COLUMNS = schema("scans.schema.yaml")["properties"]["scans"]["items"]


def test_the_schema_is_walked_into_every_corner():
    assert {"run", "data.channels", "architecture.depth", "decisions.exceed.confidence"} <= KEYS.keys()
    assert KEYS["run"] is KEYS["decisions.exceed.above"] is REQUIRED
    assert "data" not in KEYS


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained_with_its_default(key):
    assert key in rows(), f"config/README.md does not explain {key}"
    default, meaning, _ = rows()[key]
    assert len(meaning) > 20
    if KEYS[key] is REQUIRED:
        assert default == "required"
    else:
        assert yaml.safe_load(default.strip("`")) == KEYS[key]


@pytest.mark.parametrize("column", COLUMNS["properties"])
def test_every_column_is_explained(column):
    assert column in rows(), f"config/README.md does not explain the column {column}"
    empty, meaning, _ = rows()[column]
    assert len(meaning) > 20
    assert (empty == "must be given") == (column in COLUMNS["required"])


@pytest.mark.parametrize("column", ["role", "reference"])
def test_every_word_a_column_takes_is_explained(column):
    schema = COLUMNS["properties"][column]
    words = schema.get("enum") or [option["const"] for option in schema["anyOf"] if "const" in option]
    for word in words:
        assert f"`{word}`" in rows()[column][1]


def test_every_choice_of_a_key_is_explained():
    def choices(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
        for name, child in node.get("properties", {}).items():
            for value in child.get("enum", []):
                yield f"{prefix}{name}", str(value)
            yield from choices(child, f"{prefix}{name}.")

    for key, value in choices(schema("config.schema.yaml")):
        assert re.search(rf"\b{value}\b", rows()[key][1]), f"{key}: {value} is not explained"


def test_nothing_is_explained_that_does_not_exist():
    assert set(rows()) == KEYS.keys() | COLUMNS["properties"].keys()
