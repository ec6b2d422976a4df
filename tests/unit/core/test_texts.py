"""Hidden characters are found and left out, and text of every language stays."""

from __future__ import annotations

import pytest
from hypothesis import given

from noisebound.core.texts import hidden_in, is_hidden, one_line, visible
from tests.unit.core.hostile import HIDDEN, hostile


@given(hostile)
def test_one_line_is_plain_and_cleaning_it_again_changes_nothing(text: str) -> None:
    line = one_line(text)
    assert hidden_in(line) == [] and line == line.strip() and "  " not in line and "\n" not in line
    assert one_line(line) == line and len(one_line(text, 10)) <= 10
    assert hidden_in(visible(text).replace("\n", "")) == []


@pytest.mark.parametrize("character", HIDDEN)
def test_every_kind_of_hidden_character_is_one(character: str) -> None:
    assert is_hidden(character) and hidden_in(f"a{character}b") == [f"U+{ord(character):04X}"]
    assert one_line(f"a{character}") == "a"


def test_text_of_every_language_stays() -> None:
    for text in ("Fe Kα₁", "naïve", "日本語", "Å", "µm", "الحديد", "n\u0303", "10⁻³"):
        assert one_line(text) == visible(text) == text


@pytest.mark.parametrize("blank", ["\u3164", "\ufe0f", "\u2800", "\u034f", "\u115f", "\u17b4"])
def test_letters_that_are_drawn_as_nothing_are_hidden(blank: str) -> None:
    assert hidden_in(f"Fe{blank}") == [f"U+{ord(blank):04X}"]
    assert one_line(f"Fe{blank}") == "Fe"
