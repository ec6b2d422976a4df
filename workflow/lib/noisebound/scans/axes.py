"""Axes of images: one letter each, R repeat, C channel, Z, Y, X. Only the standard library."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ..core.errors import InputError

AXES = "RCZYX"
SPATIAL = "ZYX"


def resolve_axes(source: str | Path, shape: tuple[int, ...], axes: str | None, *, given: bool) -> str:
    """Check the axes of an image.

    Parameters
    ----------
    source
        The image, for messages.
    shape
        Its shape.
    axes
        One letter per axis, in upper or lower case; None if neither sheet nor file gives them.
    given
        Whether the scan sheet gives the axes, and not the file; for messages.

    Returns
    -------
    str
        Letters of ``AXES``; T becomes R.

    Raises
    ------
    InputError
        If axes are missing, unknown, repeated, not as many as those of ``shape``, or lack Y or X.
    """
    remedy = "set the `axes` column of the scan sheet to one letter per axis: R repeat, C channel, Z, Y, X"
    if axes is None:
        problem = f"the file does not say what its {len(shape)} axes of lengths {shape} are"
        raise InputError(problem, file=source, remedy=remedy)
    letters = axes.upper().replace("T", "R")
    if "S" in letters:
        raise InputError(
            f"axes {axes!r} hold S, the colour samples of a photograph, which are not measured channels",
            file=source,
            remedy="save one plane per channel, or set the `axes` column with C in the place of S",
        )
    if len(letters) != len(shape):
        problem = f"{len(letters)} axes {axes!r} for an array of {len(shape)} dimensions {shape}"
        raise InputError(problem, file=source, remedy=remedy)
    unknown = sorted(set(letters) - set(AXES))
    if unknown:
        said = "given" if given else "found in the file"
        problem = f"axes {axes!r} {said} hold {', '.join(unknown)}, whose meaning is not known"
        raise InputError(problem, file=source, remedy=remedy)
    repeated = [letter for letter, count in Counter(letters).items() if count > 1]
    if repeated:
        raise InputError(f"axes {axes!r} name {', '.join(repeated)} twice", file=source, remedy=remedy)
    if not {"Y", "X"} <= set(letters):
        raise InputError(f"axes {axes!r} lack Y or X", file=source, remedy=remedy)
    return letters
