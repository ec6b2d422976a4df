"""The picture of a divided scan: one string per row of cells, one letter per cell. Only the standard library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import InputError
from ..core.roles import DISJOINT_ROLES

# The role of a cell by its letter; None where its pixels are not used.
LAYOUT_LETTERS: dict[str, str | None] = {**dict(zip("TSCE", DISJOINT_ROLES, strict=True)), ".": None}


def check_layout(layout: Sequence[str], file: str | Path | None = None) -> None:
    """Check that a layout is a rectangle of known letters.

    Parameters
    ----------
    layout
        One string per row of cells, one letter of ``LAYOUT_LETTERS`` per cell.
    file
        The configuration that it stands in, for messages.

    Raises
    ------
    InputError
        If there is no row, a row is empty, rows differ in length, or a letter is unknown.
    """
    if not layout or not layout[0] or len({len(row) for row in layout}) != 1:
        raise InputError(
            "the rows must be non-empty and equally long",
            file=file,
            key="regions.layout",
            value=list(layout),
            remedy="write one string per row of cells and one letter per cell, for example ['TTC', 'STE']",
        )
    unknown = sorted(set("".join(layout)) - set(LAYOUT_LETTERS))
    if unknown:
        raise InputError(
            f"unknown {'letter' if len(unknown) == 1 else 'letters'} {', '.join(unknown)}",
            file=file,
            key="regions.layout",
            value=list(layout),
            remedy="use T (train), S (select), C (calibrate), E (test) and . (unused)",
        )
