"""Text from files and from users: what may not be part of it, and how it is cleaned.

Hidden characters show nothing, or change how their neighbours show: control characters, marks that turn the direction
of writing, zero-width characters, separators of lines and paragraphs, and code points without a meaning (Unicode
categories Cc, Cf, Cs, Co, Cn, Zl, Zp). Text with such characters is cleaned where it comes from an image file, refused
where a user wrote it into the configuration or the scan sheet, and cleaned once more where it leaves.
"""

from __future__ import annotations

import unicodedata

# The most characters of a name of a channel, of a unit, of a title.
NAME, UNIT, TITLE = 100, 40, 200
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters and marks that are drawn as nothing: fillers, joiners, variation selectors, a blank braille pattern.
_BLANK = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
_BLANK |= {
    chr(code)
    for first, last in ((0x180B, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(first, last + 1)
}


def is_hidden(character: str) -> bool:
    """Whether a character shows nothing, or changes how others show."""
    return unicodedata.category(character) in _HIDDEN or character in _BLANK


def hidden_in(text: str) -> list[str]:
    """The hidden characters of a text as their code points ("U+001B"), each once, in their order."""
    return [f"U+{ord(character):04X}" for character in dict.fromkeys(text) if is_hidden(character)]


def visible(text: str) -> str:
    """The text without its hidden characters; line breaks stay, a tab becomes a space."""
    return "".join(
        character if character == "\n" or not is_hidden(character) else " " if character == "\t" else ""
        for character in text
    )


def one_line(text: object, most: int | None = None) -> str:
    """The text in one line: no hidden characters, single spaces, none at the ends, at most ``most`` characters.

    Separators of lines become spaces. What is too long ends in an ellipsis.
    """
    line = visible(" ".join(str(text).split()))
    line = " ".join(line.split())
    return line if most is None or len(line) <= most else f"{line[: most - 1].rstrip()}…"
