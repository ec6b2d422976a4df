"""Text in a configuration that pages, tables and image files show: it must be plain and short."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.texts import NAME, TITLE, UNIT, hidden_in, one_line


def check_texts(settings: Mapping[str, Any], file: str | Path) -> None:
    """Check that no text has hidden characters, and that names, units and titles are short and in one line.

    Parameters
    ----------
    settings
        A configuration that has passed the schema. Hidden characters are refused in every value and key.
    file
        Its files, for messages.

    Raises
    ------
    InputError
        With key, value and remedy.
    """
    for key, text in _texts(settings):
        hidden = hidden_in(text)
        if hidden:
            raise InputError(
                f"it has hidden characters ({', '.join(hidden[:5])})",
                file=file,
                key=key,
                value=text,
                remedy="type it anew, without control characters and marks of direction",
            )
    for key, text, most in _shown(settings):
        if one_line(text) != text:
            remedy = "write it without spaces at the ends, and with single spaces"
            raise InputError("it has spaces at an end, or two in a row", file=file, key=key, value=text, remedy=remedy)
        if len(text) > most:
            remedy = f"use at most {most} characters"
            raise InputError(f"{len(text)} characters are too many", file=file, key=key, value=text, remedy=remedy)


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the configuration, names of keys included, with the dotted key where it stands."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield key or "the first level", str(name)
            yield from _texts(entry, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            yield from _texts(entry, f"{key}.{number}")


def _shown(settings: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """What pages and files show: key, text, most characters."""
    for number, channel in enumerate(settings["data"]["channels"]):
        yield f"data.channels.{number}", channel, NAME
    for number, entry in enumerate(settings["decisions"]["exceed"]):
        yield f"decisions.exceed.{number}.name", entry["name"], NAME
    yield "data.intensity_unit", settings["data"]["intensity_unit"], UNIT
    yield "report.title", settings["report"]["title"], TITLE
