"""Hidden characters in a configuration are refused wherever they stand."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from noisebound.core.errors import InputError
from noisebound.settings.texts import check_texts

CONFIG = yaml.safe_load("""
run: r
data: {channels: [Mg], intensity_unit: counts}
decisions: {exceed: [{name: rich, channel: Mg, above: 1}]}
report: {title: ""}
""")


PLACES: dict[str, list[Any]] = {
    "data.channels.0": ["data", "channels", 0],
    "data.intensity_unit": ["data", "intensity_unit"],
    "decisions.exceed.0.name": ["decisions", "exceed", 0, "name"],
    "report.title": ["report", "title"],
}


def changed(place: list[Any], value: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(json.dumps(CONFIG))
    inner: Any = config
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return config


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("M\x1bg", "U+001B"),
        ("M\u202eg", "U+202E"),
        ("M\u200bg", "U+200B"),
        ("a\nb", "U+000A"),
        (" Mg", "spaces"),
        ("M  g", "spaces"),
        ("M" * 5000, "too many"),
    ],
)
def test_a_configuration_with_such_text_is_refused(key: str, value: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        check_texts(changed(PLACES[key], value), "c.yaml")
    assert caught.value.key == key and caught.value.file == "c.yaml" and len(str(caught.value)) < 1200


def test_hidden_characters_are_refused_everywhere_and_plain_text_is_not() -> None:
    check_texts(CONFIG, "c.yaml")
    for key, place in PLACES.items():
        check_texts(changed(place, "=Fe <Kα> & 'x' -3.5"), "c.yaml")
        assert key
    with pytest.raises(InputError, match=r"U\+0007"):
        check_texts({**CONFIG, "results": "a\x07"}, "c.yaml")
    with pytest.raises(InputError, match=r"U\+200B"):
        check_texts({**CONFIG, "cluster": {"account\u200b": None}}, "c.yaml")
