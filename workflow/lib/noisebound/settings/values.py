"""Which values a configuration may have: finite numbers, printable text, true, false and null."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.texts import hidden_in

# The largest whole number that files and libraries hold without loss of sign or digits.
LARGEST = 2**63 - 1
MOST_TEXT = 1000


def check_values(content: Any, file: str | Path, key: str = "") -> None:
    """Check every value of a configuration, at any depth.

    Parameters
    ----------
    content
        The configuration, or a part of it.
    file
        Its file, for messages.
    key
        Dotted key of the part.

    Raises
    ------
    InputError
        For NaN and infinite numbers, whole numbers beyond ``LARGEST``, text that :func:`check_text` refuses, keys that
        are not text, and values of any other type; the message names the dotted key.
    """
    where: dict[str, Any] = {"file": file, "key": key or None}
    if isinstance(content, dict):
        for name, value in content.items():
            if not isinstance(name, str):
                remedy = "put it in quotes, or correct the spelling"
                raise InputError("keys are text", **where, value=name, remedy=remedy)
            check_text(name, file, f"{key}.{name}" if key else name)
            check_values(value, file, f"{key}.{name}" if key else name)
    elif isinstance(content, list):
        for number, value in enumerate(content):
            check_values(value, file, f"{key}.{number}" if key else str(number))
    elif isinstance(content, str):
        check_text(content, file, key)
    elif isinstance(content, bool) or content is None:
        pass
    elif isinstance(content, float):
        if not math.isfinite(content):
            raise InputError("not a finite number", **where, value=content, remedy="give a finite number")
    elif isinstance(content, int):
        if abs(content) > LARGEST:
            short = f"about {content:.1e}" if abs(content) < 10**300 else "of more than 300 digits"
            remedy = f"give a number of at most {LARGEST}"
            raise InputError("the number is too large", **where, value=short, remedy=remedy)
    elif isinstance(content, date):
        problem = "YAML reads this as a date"
        raise InputError(problem, **where, value=str(content), remedy="put it in quotes")
    else:
        problem = f"values of the type {type(content).__name__} are not allowed"
        raise InputError(problem, **where, remedy="give text, a number, true, false, null, a list or a mapping")


def check_text(text: str, file: str | Path, key: str) -> None:
    """Check that a text is a single line of printable characters, and not too long.

    Parameters
    ----------
    text
        The text.
    file, key
        Where it stands, for messages.

    Raises
    ------
    InputError
        If the text has more than ``MOST_TEXT`` characters, or hidden ones such as line breaks.
    """
    where: dict[str, Any] = {"file": file, "key": ascii(key)[1:-1], "value": text if len(text) < 200 else text[:200]}
    if len(text) > MOST_TEXT:
        problem = f"a text of {len(text)} characters"
        raise InputError(problem, **where, remedy=f"use at most {MOST_TEXT} characters")
    if found := hidden_in(text):
        problem = f"the text has hidden characters ({', '.join(found[:5])})"
        raise InputError(problem, **where, remedy="write it in one line, without control characters")
