"""Values that no key takes, wherever they stand in a configuration."""

from __future__ import annotations

import copy
import datetime
import math
from collections.abc import Iterator
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings.configuration import check_configuration
from noisebound.settings.schemas import schema
from noisebound.settings.values import LARGEST, MOST_TEXT, check_values


def number_keys(part: dict[str, Any], key: str = "") -> Iterator[tuple[str, str]]:
    """Every key of the schema that takes a number, a list of numbers or such within, with the kind of number."""
    for option in (part, *part.get("anyOf", ())):
        kinds = option.get("type", ())
        for kind in {"integer", "number"} & ({kinds} if isinstance(kinds, str) else set(kinds)):
            yield key, kind
        for name, child in option.get("properties", {}).items():
            yield from number_keys(child, f"{key}.{name}" if key else name)
        if "items" in option:
            yield from number_keys(option["items"], f"{key}.0")
        if isinstance(option.get("additionalProperties"), dict):
            yield from number_keys(option["additionalProperties"], f"{key}.architecture:alpha")


NUMBERS = sorted(set(number_keys(schema("config"))))
NEEDED = {
    "simulation.scans.0": {"scan": "a", "images": 1, "seed": 1},
    "decisions.exceed.0": {"name": "a", "channel": "b", "above": 1.0},
}


def configuration(key: str, value: Any) -> dict[str, Any]:
    """A configuration with one key set, and beside it what must be there for the schema to come as far as this key."""
    content: Any = {"run": "r", "scans": "s.tsv"}
    place, parts = content, key.replace(":", "\0").split(".")
    for number, part in enumerate(parts[:-1]):
        below: Any = (
            [None] if parts[number + 1] == "0" else copy.deepcopy(NEEDED.get(".".join(parts[: number + 1]), {}))
        )
        index: Any = 0 if part == "0" else part.replace("\0", ".")
        place[index] = below
        place = below
    place[0 if parts[-1] == "0" else parts[-1]] = value
    return content


def refused(key: str, value: Any) -> InputError:
    with pytest.raises(InputError) as raised:
        check_configuration(configuration(key, value), "run.yaml")
    return raised.value


def test_every_number_of_the_schema_is_found() -> None:
    keys = {key for key, _ in NUMBERS}
    assert len(keys) > 60
    assert {
        "calibration.nominal.0",
        "search.keys.architecture:alpha.from",
        "decisions.exceed.0.above",
        "regions.guard",
    } <= keys


KEYS = [key for key, _ in NUMBERS]


@pytest.mark.parametrize("key", KEYS)
def test_no_key_takes_a_number_that_is_not_finite(key: str) -> None:
    for value in (math.nan, math.inf, -math.inf):
        error = refused(key, value)
        assert error.key == key.replace(":", ".") and "finite" in str(error) and str(value) in str(error)


@pytest.mark.parametrize("key", KEYS)
def test_no_key_takes_an_absurd_number(key: str) -> None:
    for value in (10**30, -(10**30), 10**400, 1e300, -1e300):
        error = refused(key, value)
        assert error.key and key.replace(":", ".").startswith(error.key)
        assert "Remedy: " in str(error) and len(str(error)) < 800


@pytest.mark.parametrize("key", [key for key in KEYS if not key.startswith("search.keys")])
def test_no_key_takes_anything_else_for_a_number(key: str) -> None:
    for value in (True, False, "1", "nan", [1], {"a": 1}):
        assert "Remedy: " in str(refused(key, value))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\nb", "U+000A"),
        ("a\0", "U+0000"),
        ("\x1b[31m", "U+001B"),
        ("\ud800", "U+D800"),
        ("a\u2028b", "U+2028"),
        ("x" * (MOST_TEXT + 1), f"{MOST_TEXT + 1} characters"),
        (datetime.date(2024, 11, 28), "'2024-11-28'"),
        (b"bytes", "bytes"),
        ({1, 2}, "set"),
        ((1, 2), "tuple"),
        (1j, "complex"),
    ],
)
def test_texts_and_types_that_have_no_place(value: Any, words: str) -> None:
    for key in ("report.title", "decisions.exceed.0.name", "calibration.nominal.0"):
        error = refused(key, value)
        assert error.key == key and words in str(error)
        str(error).encode()


def test_keys_are_text() -> None:
    with pytest.raises(InputError, match=r"'data'.*value 3: keys are text"):
        check_values({"data": {3: 1}}, "run.yaml")
    with pytest.raises(InputError, match="hidden characters"):
        check_values({"data": {"\ud800": 1}}, "run.yaml")


def test_what_is_fine() -> None:
    check_values({"a": [1, -2.5, None, True, "µm – 日本 {x} $ ~ %s \u00a0"], "b": {"c": [[LARGEST]]}}, "run.yaml")
