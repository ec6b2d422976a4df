"""Numbers as a page writes them."""

from __future__ import annotations

import math

from ..figures.images import short_number


def percent(value: object, digits: int = 1) -> str:
    """Write a share as a percentage.

    Parameters
    ----------
    value
        The share, 1 for all; anything but a finite number counts as unknown.
    digits
        Digits after the point.

    Returns
    -------
    str
        The percentage; "–" where the share is unknown.
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{100 * value:.{digits}f}\u202f%"


def nominal_percent(value: float) -> str:
    """Write a nominal coverage as a percentage with all its digits (up to six).

    Parameters
    ----------
    value
        The coverage, between 0 and 1.

    Returns
    -------
    str
        "90 %" for 0.9, "97.5 %" for 0.975.
    """
    return f"{100 * value:.6g}\u202f%"


def number(value: object) -> str:
    """Write a number with three significant digits.

    Parameters
    ----------
    value
        A number, or the word "inf"; anything else, and NaN, counts as unknown.

    Returns
    -------
    str
        The number, as :func:`noisebound.figures.images.short_number` writes it; "–" where it is unknown.
    """
    if isinstance(value, str):
        value = {"inf": math.inf}.get(value)
    if not isinstance(value, int | float) or math.isnan(value):
        return "–"
    return short_number(float(value))


def integer(value: object) -> str:
    """Write a whole number with thin spaces between thousands.

    Parameters
    ----------
    value
        The number, of which decimals are cut off; anything but a finite number counts as unknown.

    Returns
    -------
    str
        The number; "–" where it is unknown.
    """
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return f"{int(value):,}".replace(",", "\u202f")


def signed(value: object) -> str:
    """Write a number with its sign; 0 has none.

    Parameters
    ----------
    value
        As for :func:`number`.

    Returns
    -------
    str
        The number; "–" where it is unknown.
    """
    text = number(value)
    return f"+{text}" if text[0] not in "–−" and text != "0" else text
