"""Units of length: their spellings in files, the unit that a page shows, and their symbols in OME."""

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
# What files say if they have no unit; TIFF writers fill in "inch" if nobody gave one.
_NO_UNIT = {"", "pixel", "pixels", "px", "none", "inch", "reference frame"}
# Units that pages choose from, smallest first; lengths in centimetres are converted to one of them too.
_SHOWN = ("pm", "nm", "µm", "mm", "m")


def unit_name(unit: object) -> str | None:
    """Return one spelling per unit: ``um``, ``micron`` and the Greek letter become ``µm``.

    Parameters
    ----------
    unit
        What a file gives as unit, of any type. Hidden characters are removed, and ImageJ's escapes of non-ASCII
        characters ("\\u00B5") are decoded.

    Returns
    -------
    str or None
        The symbol of a known unit; an unknown unit unchanged; None if the file names no unit, or pixels.
    """
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), str(unit or ""))
    text = one_line(text, UNIT)
    if text.lower() in _NO_UNIT:
        return None
    return SPELLINGS.get(text.lower(), text)


def ome_unit(unit: str) -> str | None:
    """Return the symbol of a unit of length in the OME schema (2016-06).

    Parameters
    ----------
    unit
        The unit in any known spelling.

    Returns
    -------
    str or None
        The symbol; None if OME has none, as for "px" and for unknown units.
    """
    for spelling in (unit, unit.lower()):
        symbol = SPELLINGS.get(spelling, spelling)
        if symbol in METRES:
            return symbol
    return None


def in_one_unit(sizes: Mapping[str, float], units: Mapping[str, str | None]) -> tuple[dict[str, float], str] | None:
    """Convert sizes to the unit of X.

    Parameters
    ----------
    sizes
        One length per axis.
    units
        The unit of each axis, as spelled by :func:`unit_name`. An axis without unit is taken to have that of X.

    Returns
    -------
    tuple or None
        The sizes by axis, and their unit. None if X has no unit, or if units differ and one of them is unknown.
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
    """Choose the unit in which a length is a number from 1 to 1000, if a metric unit allows it.

    Parameters
    ----------
    extent
        A length in ``unit``.
    unit
        Its unit. "um" is shown as "µm"; units that are not metric are kept.

    Returns
    -------
    str
        The unit to show.
    float
        The factor that converts ``unit`` to it.
    """
    unit = "µm" if unit in ("um", "\u03bcm") else unit
    if unit not in (*_SHOWN, "cm") or not extent > 0 or 1 <= extent < 1000:
        return unit, 1.0
    fitting = [name for name in _SHOWN if METRES[name] <= extent * METRES[unit] * (1 + 1e-9)]
    shown = fitting[-1] if fitting else _SHOWN[0]
    return shown, METRES[unit] / METRES[shown]
