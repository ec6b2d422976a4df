"""The pixel size of a scan: from the scan sheet, or from its files if they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..core.errors import InputError
from ..core.length_units import in_one_unit, unit_name
from .readers import Header

NO_UNIT = "px"
# Relative difference of the sizes in two files of one scan that is accepted, because programs round them.
_TOLERANCE = 1e-3


def scan_pixel_size(
    headers: Sequence[Header], dimensions: int, given: float | Sequence[float] | None, unit: str | None
) -> tuple[tuple[float, ...], str]:
    """Return the pixel size of a scan and its unit.

    Parameters
    ----------
    headers
        All files of the scan.
    dimensions
        Number of spatial axes, 2 or 3.
    given, unit
        The pixel size in the scan sheet: one number, or one per spatial axis ([z], y, x), and its unit. Both are None
        if the files are to be asked.

    Returns
    -------
    tuple of float
        One number per spatial axis ([z], y, x); 1 if neither sheet nor files give any.
    str
        Their unit; "px" if neither sheet nor files give any.

    Raises
    ------
    InputError
        If only one of size and unit is given, sizes are not positive or not as many as axes, or two files differ by
        more than 1 part in 1000.
    """
    if given is not None:
        return _given_size(dimensions, given, unit)
    if unit:
        remedy = "set `pixel_size` too, or leave both empty to use what the file says"
        raise InputError("a unit without a pixel size", key="pixel_unit", value=unit, remedy=remedy)
    known = [header for header in headers if header.pixel_size and header.pixel_unit]
    if not known:
        return (1.0,) * dimensions, NO_UNIT
    # A header whose only plane is dropped in 2-D still lists a size for Z.
    first = known[0]
    sizes, first_unit = (first.pixel_size or ())[-dimensions:], str(first.pixel_unit)
    for header in known[1:]:
        other = (header.pixel_size or ())[-dimensions:]
        converted = in_one_unit(
            {"X": 1.0, **dict(zip("abc", other, strict=False))},
            {"X": first_unit, **dict.fromkeys("abc", header.pixel_unit)},
        )
        values = tuple(converted[0][key] for key in "abc"[: len(other)]) if converted else ()
        if len(values) != len(sizes) or not np.allclose(values, sizes, rtol=_TOLERANCE, atol=0):
            raise InputError(
                f"pixel size {other} {header.pixel_unit} where {first.source!r} has {sizes} {first_unit}",
                file=header.source,
                remedy="list files of one field of view, or set `pixel_size` and `pixel_unit` in the scan sheet",
            )
    return sizes, first_unit


def _given_size(dimensions: int, given: float | Sequence[float], unit: str | None) -> tuple[tuple[float, ...], str]:
    sizes = tuple(float(size) for size in (given if isinstance(given, Sequence) else [given]))
    sizes = sizes * dimensions if len(sizes) == 1 else sizes
    if len(sizes) != dimensions or not all(math.isfinite(size) and size > 0 for size in sizes):
        remedy = f"give 1 or {dimensions} positive numbers in the order [z,] y, x"
        raise InputError("not usable as pixel size", key="pixel_size", value=given, remedy=remedy)
    if not unit:
        remedy = "set `pixel_unit` too, for example nm or µm"
        raise InputError("a pixel size without its unit", key="pixel_unit", value=given, remedy=remedy)
    return sizes, unit_name(unit) or NO_UNIT
