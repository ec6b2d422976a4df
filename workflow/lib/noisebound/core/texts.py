"""Text from files and from users: which characters it may not have, and how it is cleaned.

Hidden characters are those that are invisible or change how their neighbours are shown: control characters, marks that
turn the direction of writing, zero-width characters, separators of lines and paragraphs, and code points without a
meaning (Unicode categories Cc, Cf, Cs, Co, Cn, Zl, Zp), and a few fillers and selectors that are drawn as nothing. They
are removed from the text of image files, refused in the configuration and the scan sheet, and removed once more before
text is written out.
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
    """Tell whether a character is invisible or changes how its neighbours are shown.

    Parameters
    ----------
    character
        One character.

    Returns
    -------
    bool
        True for control characters, line breaks and tabs included, and for the others that the module describes.
    """
    return unicodedata.category(character) in _HIDDEN or character in _BLANK


def hidden_in(text: str) -> list[str]:
    """List the hidden characters of a text.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    list of str
        Code points such as "U+001B", each once, in the order of the text.
    """
    return [f"U+{ord(character):04X}" for character in dict.fromkeys(text) if is_hidden(character)]


def visible(text: str) -> str:
    """Remove the hidden characters of a text.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text. Line breaks are kept, and tabs become spaces.
    """
    return "".join(
        character if character == "\n" or not is_hidden(character) else " " if character == "\t" else ""
        for character in text
    )


def one_line(text: object, most: int | None = None) -> str:
    """Put a text into one line without hidden characters.

    Parameters
    ----------
    text
        Any object; its ``str`` is used.
    most
        The most characters to return; None for no limit. A longer text is cut and ends in an ellipsis.

    Returns
    -------
    str
        The text with single spaces in place of all white space, and none at the ends.
    """
    line = visible(" ".join(str(text).split()))
    line = " ".join(line.split())
    return line if most is None or len(line) <= most else f"{line[: most - 1].rstrip()}…"
