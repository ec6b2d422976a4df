"""The schemas: patterns that end where the text ends, defaults of one's own, whole numbers written as such."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings import schemas
from noisebound.settings.schemas import schema, validate, validate_value


def nodes(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for child in part.values():
            yield from nodes(child)
    elif isinstance(part, list):
        for child in part:
            yield from nodes(child)


def configuration(**sections: Any) -> dict[str, Any]:
    return {"run": "r", "scans": "s.tsv", **sections}


PATTERNS = [node["pattern"] for name in ("config", "scans") for node in nodes(schema(name)) if "pattern" in node]


@pytest.mark.parametrize("pattern", sorted(set(PATTERNS)))
def test_a_pattern_ends_where_the_text_ends(pattern: str) -> None:
    assert re.search(pattern, "YX")
    for text in ("YX\n", "\nYX", "YX\r", "YX\n\n", ""):
        assert not re.search(pattern, text)


def test_a_run_with_a_line_break_is_refused() -> None:
    assert len(PATTERNS) >= 4
    for run in ("x\n", "x ", "a/b", "~", "{run}", "$RUN", "é"):
        with pytest.raises(InputError, match=r"'run'.*Remedy: .*letters, digits"):
            validate(configuration() | {"run": run}, "config", "run.yaml")


def test_every_list_and_mapping_has_an_end() -> None:
    """What is read when the workflow starts is counted before it is walked through."""
    for node in nodes(schema("config")):
        if "array" in str(node.get("type")) and "items" in node:
            assert "maxItems" in node, node


def test_whole_numbers_are_written_as_such() -> None:
    content = configuration(
        data={"dimensions": 2.0},
        architecture={"members": 3.0, "parameters": [1.0, 5e3], "channels": [4.0, 8]},
        regions={"guard": 4.0},
        training={"patch": [64.0, 64], "learning_rate": 1.0, "rim": 2.0},
        simulation={"scans": [{"scan": "a", "images": 2.0, "seed": 1}]},
        decisions={"exceed": [{"name": "a", "channel": "b", "above": 3.0}]},
    )
    validate(content, "config", "run.yaml")
    found = [
        content["data"]["dimensions"],
        content["architecture"]["members"],
        *content["architecture"]["parameters"],
        *content["architecture"]["channels"],
        content["regions"]["guard"],
        *content["training"]["patch"],
        content["training"]["rim"],
        content["simulation"]["scans"][0]["images"],
    ]
    assert found == [2, 3, 1, 5000, 4, 8, 4, 64, 64, 2, 2] and {type(number) for number in found} == {int}
    # Numbers that need not be whole stay what they are.
    assert type(content["decisions"]["exceed"][0]["above"]) is type(content["training"]["learning_rate"]) is float
    with pytest.raises(InputError, match=r"architecture\.members.*2\.5"):
        validate(configuration(architecture={"members": 2.5}), "config", "run.yaml")


def test_a_single_value_is_checked_as_in_its_place() -> None:
    assert validate_value("architecture.depth", 4, "run.yaml") == 4
    assert type(validate_value("architecture.depth", 4.0, "run.yaml")) is int
    assert validate_value("architecture.unet.levels", 2, "run.yaml") == 2
    assert validate_value("architecture.channels", [4.0], "run.yaml") == [4]
    for key, value in (("architecture.depth", 0), ("architecture.channels", []), ("training.patch", ["a"])):
        with pytest.raises(InputError, match=f"'search.keys {key}"):
            validate_value(key, value, "run.yaml", within=f"search.keys {key}")


def test_defaults_are_not_shared() -> None:
    first, second = configuration(), configuration()
    for content in (first, second):
        validate(content, "config", "run.yaml")
    first["data"]["channels"].append("Mg")
    first["training"]["steps"] = 1
    assert second["data"]["channels"] == ["intensity"] and second["training"]["steps"] == 2000
    assert schema("config")["properties"]["data"]["properties"]["channels"]["default"] == ["intensity"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"run": False}, "true or false, put it in quotes"),
        ({"run": 20241128}, "a number, put it in quotes"),
        ({"data": {"channels": [False, "O"]}}, "'data.channels.0', value False.*put it in quotes"),
        ({"data": None}, "'data'.*give keys with their values, or leave it out"),
        ({"training": []}, "give keys with their values, or leave it out"),
        ({"run": "x" * 5000}, "too long.*at most 100 characters"),
        ({"search": {"keys": {f"a.{n}": [1] for n in range(101)}}}, "at most 100 keys"),
        ({"search": {"keys": {"a.b": list(range(1001))}}}, "search.keys.a.b"),
    ],
)
def test_violations_in_words(content: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        validate(configuration() | content, "config", "run.yaml")
    assert len(str(raised.value)) < 1000


def test_the_schema_is_found_from_the_folder_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """As where the library is installed, and lies elsewhere than the project."""
    monkeypatch.setattr(schemas, "__file__", str(tmp_path / "site-packages" / "noisebound" / "schemas.py"))
    schema.cache_clear()
    try:
        assert "properties" in schema("config")
        schema.cache_clear()
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match="the folder of the project"):
            schema("config")
    finally:
        schema.cache_clear()
