"""Places that the image lost or invented, in words."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.drift.place_words import (
    averages_words,
    centre_words,
    kind_words,
    lost_or_invented,
    place_words,
    smallest_words,
    spot_words,
)

PLACE: dict[str, Any] = {
    "channel": "Mg", "kind": "lost", "feature": "dark", "centre": [182, 69], "size": 2.4, "sigma": -8.08,
    "predicted": 2.866, "measured": 0.5,
}  # fmt: skip
SPOT = {"width": 4.7, "height": 4.37, "mean": 3.5, "dark": True}
LOCAL: dict[str, Any] = {
    "total": 1, "level": 5.2, "counts": True, "smallest": [{"channel": "Mg", "sigma": 7.8, "spot": SPOT}],
}  # fmt: skip


def test_a_block_is_bounds_per_axis_and_a_place_is_its_middle() -> None:
    assert place_words({"lower": [0, 16, 32], "upper": [4, 32, 48]}) == "z 0 to 4, y 16 to 32, x 32 to 48 px"
    assert centre_words({"centre": [4, 32, 48]}) == "z 4, y 32, x 48 px"


@pytest.mark.parametrize("kind", ["lost", "invented"])
@pytest.mark.parametrize("feature", ["dark", "bright"])
def test_the_page_and_the_file_say_the_same_of_a_place(kind: str, feature: str) -> None:
    assert kind_words({"kind": kind, "feature": feature, "sigma": 8}) == f"{feature} feature {kind}"


def test_the_warning_says_where_what_how_strong_and_what_may_be_missed() -> None:
    (warning,) = lost_or_invented({"scan": "s", "places": [PLACE], "local": LOCAL})
    assert warning["points"] == [
        "Mg, y 182, x 69 px: dark feature lost; 2.87 counts per pixel expected from the image, 0.5 in the noisy frame "
        "(8.1 sigma)"
    ]
    assert "At 1 place " in warning["text"] and "single objects of 8 sigma" in warning["text"]
    (many,) = lost_or_invented({"scan": "s", "places": [PLACE] * 20, "local": LOCAL | {"total": 31}})
    assert len(many["points"]) == 4 and many["points"][-1] == "28 more, listed below and in drift/s.json"
    assert "counts" not in averages_words(PLACE, counts=False)


def test_without_places_nothing_is_warned_of() -> None:
    assert lost_or_invented({"places": [], "local": LOCAL | {"total": 0}}) == lost_or_invented({}) == []


def test_the_smallest_object_is_told_as_a_spot_of_the_clearest_channel() -> None:
    faint = {"width": 4.7, "height": 1.3, "mean": 0.2, "dark": False}
    smallest = [{"channel": "Mg", "sigma": 7.8, "spot": SPOT}, {"channel": "Ca", "sigma": 15.5, "spot": faint}]
    words = smallest_words({"smallest": smallest, "counts": True})
    assert "8 to 16 sigma" in words
    bright = SPOT | {"height": 1563.0, "mean": 20620.0}
    assert "by about 1600, where these have 21000" in spot_words({"spot": bright}, counts=False)
    assert "in Mg, that is a spot 5 px wide whose middle differs from its surroundings by about 4.4 counts per" in words
    assert spot_words(smallest[1], False).endswith("a dark spot of this width would not be found")
    assert "(" not in smallest_words({"smallest": [smallest[0] | {"spot": None}], "counts": True})
