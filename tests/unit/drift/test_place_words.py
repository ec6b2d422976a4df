"""Places that the image lost or invented, in words."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.drift.place_words import kind_words, lost_or_invented, place_words, smallest_words, sums_words

PLACE: dict[str, Any] = {
    "channel": "Mg", "kind": "lost", "lower": [178, 67], "upper": [186, 72], "size": 2.4, "sigma": -8.08,
    "predicted": 28.66, "measured": 5.0,
}  # fmt: skip
LOCAL: dict[str, Any] = {"total": 1, "level": 5.2, "counts": True, "smallest": [{"channel": "Mg", "sigma": 7.8}]}


def test_a_place_is_bounds_per_axis() -> None:
    assert place_words({"lower": [0, 16, 32], "upper": [4, 32, 48]}) == "z 0 to 4, y 16 to 32, x 32 to 48 px"


@pytest.mark.parametrize(
    ("kind", "sigma", "words"),
    [
        ("lost", 8, "lost, bright"),
        ("lost", -8, "lost, dark"),
        ("invented", -8, "invented, bright"),
        ("invented", 8, "invented, dark"),
    ],
)
def test_a_bright_object_is_lost_where_the_frame_lies_above_the_image(kind: str, sigma: float, words: str) -> None:
    assert kind_words({"kind": kind, "sigma": sigma}) == words


def test_the_warning_says_where_what_how_strong_and_what_may_be_missed() -> None:
    (warning,) = lost_or_invented({"places": [PLACE], "local": LOCAL})
    assert warning["points"] == [
        "Mg, y 178 to 186, x 67 to 72 px: lost, dark; 28.7 counts by the image, 5 in the noisy frame (8.1 sigma)"
    ]
    assert "At 1 place " in warning["text"] and "single objects down to about 8 sigma" in warning["text"]
    (many,) = lost_or_invented({"places": [PLACE] * 20, "local": LOCAL | {"total": 31}})
    assert len(many["points"]) == 4 and many["points"][-1] == "28 more, listed below"
    assert "on average" in sums_words(PLACE, counts=False)


def test_without_places_nothing_is_warned_of() -> None:
    assert lost_or_invented({"places": [], "local": LOCAL | {"total": 0}}) == lost_or_invented({}) == []


def test_channels_that_differ_are_named() -> None:
    smallest = [{"channel": "O", "sigma": 7.8}, {"channel": "Ca", "sigma": 15.5}]
    assert "about 8 to 16 sigma" in smallest_words({"smallest": smallest})
    assert "(O 8, Ca 16)" in smallest_words({"smallest": smallest})
