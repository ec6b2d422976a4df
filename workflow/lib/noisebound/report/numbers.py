"""Numbers in the words of a page."""

from __future__ import annotations

import math

from ..figures.images import short_number


def percent(value: object, digits: int = 1) -> str:
    """A share as a percentage, "–" where it is not known."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{100 * value:.{digits}f}\u202f%"


def nominal_percent(value: float) -> str:
    """A nominal coverage as it was asked for: 0.9 is "90 %", 0.975 is "97.5 %"."""
    return f"{100 * value:.6g}\u202f%"


def number(value: object) -> str:
    """A number with three significant digits, "–" where it is not known."""
    if isinstance(value, str):
        value = {"inf": math.inf}.get(value)
    if not isinstance(value, int | float) or math.isnan(value):
        return "–"
    return short_number(float(value))


def integer(value: object) -> str:
    """A whole number with thin spaces between thousands, "–" where it is not known."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{int(value):,}".replace(",", "\u202f")


def signed(value: object) -> str:
    """A number with its sign."""
    text = number(value)
    return f"+{text}" if text[0] not in "–−" and text != "0" else text
