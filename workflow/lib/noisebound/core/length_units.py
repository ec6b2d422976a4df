"""Units of length: how files spell them, which one a reader of a page would choose, and their names in OME."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .texts import UNIT, one_line

_METRIC = {"pm": 1e-12, "nm": 1e-9, "µm": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0}
_PREFERRED = ("pm", "nm", "µm", "mm", "m")


def reading_unit(extent: float, unit: str) -> tuple[str, float]:
    """The unit in which a length ``extent`` reads well, and the factor from ``unit`` to it.

    The extent is between 1 and 1000 in it where a metric unit allows; "um" is shown as "µm", other units are kept.
    """
    unit = "µm" if unit in ("um", "μm") else unit
    if unit not in _METRIC or not extent > 0 or 1 <= extent < 1000:
        return unit, 1.0
    fitting = [name for name in _PREFERRED if _METRIC[name] <= extent * _METRIC[unit] * (1 + 1e-9)]
    shown = fitting[-1] if fitting else _PREFERRED[0]
    return shown, _METRIC[unit] / _METRIC[shown]


# Units of length of the OME schema (2016-06) with the spellings that scans bring along.
_UNITS = {unit: unit for unit in ("m", "dm", "cm", "mm", "\u00b5m", "nm", "pm", "fm", "\u00c5", "in")} | {
    "um": "\u00b5m",
    "\u03bcm": "\u00b5m",
    "micron": "\u00b5m",
    "microns": "\u00b5m",
    "micrometer": "\u00b5m",
    "micrometre": "\u00b5m",
    "nanometer": "nm",
    "nanometre": "nm",
    "angstrom": "\u00c5",
    "A": "\u00c5",
    "inch": "in",
}


def ome_unit(unit: str) -> str | None:
    """Name of a unit of length in the OME schema, or None where there is none ("px", unknown units)."""
    return _UNITS.get(unit, _UNITS.get(unit.lower()))


_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9, "Å": 1e-10, "pm": 1e-12}
_SPELLINGS = {
    "um": "µm",
    "μm": "µm",
    "micron": "µm",
    "microns": "µm",
    "micrometer": "µm",
    "micrometre": "µm",
    "nanometer": "nm",
    "nanometre": "nm",
    "millimeter": "mm",
    "millimetre": "mm",
    "angstrom": "Å",
    "a": "Å",
}
_NO_UNIT = {"", "pixel", "pixels", "px", "none", "inch", "reference frame"}


def unit_name(unit: object) -> str | None:
    """One spelling per unit (``um``, ``micron`` and the Greek letter become ``µm``); ``None`` for none or pixels.

    Hidden characters are left out, and ImageJ's spelling of characters beyond ASCII ("\\u00B5") is read.
    """
    text = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda found: chr(int(found[1], 16)), str(unit or ""))
    text = one_line(text, UNIT)
    if text.lower() in _NO_UNIT:
        return None
    return _SPELLINGS.get(text if text == "Å" else text.lower(), text)


def in_one_unit(sizes: Mapping[str, float], units: Mapping[str, str | None]) -> tuple[dict[str, float], str] | None:
    """Convert sizes by axis to the unit of X; ``None`` where units are unknown or cannot be converted."""
    target = units.get("X")
    if target is None:
        return None
    converted = {}
    for axis, size in sizes.items():
        unit = units.get(axis) or target
        if unit != target:
            if unit not in _METRES or target not in _METRES:
                return None
            size = size * _METRES[unit] / _METRES[target]
        converted[axis] = size
    return converted, target
