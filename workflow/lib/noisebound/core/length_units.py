"""Units of length: how files spell them, which one a reader of a page would choose, and their names in OME."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .texts import UNIT, one_line

# Every unit of length that is known, in metres; the symbols are those of the OME schema (2016-06).
METRES = {
    "m": 1.0,
    "dm": 1e-1,
    "cm": 1e-2,
    "mm": 1e-3,
    "µm": 1e-6,
    "nm": 1e-9,
    "Å": 1e-10,
    "pm": 1e-12,
    "fm": 1e-15,
    "in": 0.0254,
}
# How else files spell them, in small letters.
SPELLINGS = {
    "millimeter": "mm",
    "millimetre": "mm",
    "um": "µm",
    "\u03bcm": "µm",  # the Greek letter instead of the micro sign
    "micron": "µm",
    "microns": "µm",
    "micrometer": "µm",
    "micrometre": "µm",
    "nanometer": "nm",
    "nanometre": "nm",
    "angstrom": "Å",
    "a": "Å",
    "inch": "in",
}
# What files say where they have no unit; "inch" is what TIFF writers fill in when nobody told them one.
_NO_UNIT = {"", "pixel", "pixels", "px", "none", "inch", "reference frame"}
# Units that pages choose from, from the smallest; lengths in centimetres are put into one of them too.
_SHOWN = ("pm", "nm", "µm", "mm", "m")


def unit_name(unit: object) -> str | None:
    """One spelling per unit: ``um``, ``micron`` and the Greek letter become ``µm``.

    Parameters
    ----------
    unit
        What a file says, of any type. Hidden characters are left out, and ImageJ's spelling of characters beyond ASCII
        ("\\u00B5") is read.

    Returns
    -------
    str or None
        The symbol of a known unit, or an unknown unit as it is; None where the file names none, or pixels.
    """
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), str(unit or ""))
    text = one_line(text, UNIT)
    if text.lower() in _NO_UNIT:
        return None
    return SPELLINGS.get(text.lower(), text)


def ome_unit(unit: str) -> str | None:
    """Symbol of a unit of length in the OME schema, in any spelling; None where there is none ("px", unknown units)."""
    for spelling in (unit, unit.lower()):
        symbol = SPELLINGS.get(spelling, spelling)
        if symbol in METRES:
            return symbol
    return None


def in_one_unit(sizes: Mapping[str, float], units: Mapping[str, str | None]) -> tuple[dict[str, float], str] | None:
    """Convert sizes by axis to the unit of X.

    Parameters
    ----------
    sizes
        A length per axis.
    units
        The unit of each axis, as :func:`unit_name` spells it; an axis without one has that of X.

    Returns
    -------
    tuple or None
        The sizes and their unit; None where X has no unit, or where units differ and one of them is unknown.
    """
    target = units.get("X")
    if target is None:
        return None
    converted = {}
    for axis, size in sizes.items():
        unit = units.get(axis) or target
        if unit != target:
            if unit not in METRES or target not in METRES:
                return None
            size = size * METRES[unit] / METRES[target]
        converted[axis] = size
    return converted, target


def reading_unit(extent: float, unit: str) -> tuple[str, float]:
    """The unit in which a length reads well, between 1 and 1000 where a metric unit allows.

    Parameters
    ----------
    extent
        A length in ``unit``.
    unit
        Its unit; "um" is shown as "µm", units that are not metric are kept.

    Returns
    -------
    str
        The unit to show.
    float
        What one ``unit`` is in it.
    """
    unit = "µm" if unit in ("um", "\u03bcm") else unit
    if unit not in (*_SHOWN, "cm") or not extent > 0 or 1 <= extent < 1000:
        return unit, 1.0
    fitting = [name for name in _SHOWN if METRES[name] <= extent * METRES[unit] * (1 + 1e-9)]
    shown = fitting[-1] if fitting else _SHOWN[0]
    return shown, METRES[unit] / METRES[shown]
