"""One row of the scan sheet: what its cells may hold, and how it is written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from ..core.errors import InputError
from ..core.names import check_scan_name
from ..core.roles import APPLY, SHEET_ROLES
from ..core.sources import LEAVE_ONE_OUT, split_source
from ..core.texts import NAME, UNIT, hidden_in
from .axes import AXES
from .settings import SourceSettings

REQUIRED = ("scan", "role", "noisy", "reference", "group")
OPTIONAL = ("axes", "reference_axes", "channels", "pixel_size", "pixel_unit", "truth")
# Columns of text that pages show, and the most characters of a name there.
_SHOWN = {"group": NAME, "channels": NAME, "pixel_unit": UNIT}
_FORBIDDEN = set("<>&\"'`$\\")


@dataclass(frozen=True)
class SheetRow:
    """One scan of the sheet. The columns of the sheet are the fields; None stands for an empty cell.

    Parameters
    ----------
    scan, role
        Its name, and what it is for.
    noisy
        Sources of the noisy frames.
    reference
        Sources of the reference, or "leave-one-out".
    group
        Name that scans of one field of view share; empty for none.
    axes, reference_axes
        One letter of RCZYX (T for R) per axis: of the noisy files, and of reference and truth.
    channels
        Names of the channels in the order of the files.
    pixel_size, pixel_unit
        One number, or one per spatial axis ([z], y, x), and its unit.
    truth
        Source of the true signal of a simulated scan, with which results are judged.
    """

    scan: str
    role: str
    noisy: tuple[str, ...]
    reference: tuple[str, ...] | str | None = None
    group: str = ""
    axes: str | None = None
    reference_axes: str | None = None
    channels: tuple[str, ...] | None = None
    pixel_size: tuple[float, ...] | None = None
    pixel_unit: str | None = None
    truth: str | None = None

    @property
    def reference_sources(self) -> tuple[str, ...]:
        """Sources of a measured reference; empty for leave-one-out and for a scan without reference."""
        return self.reference if isinstance(self.reference, tuple) else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source of the scan as the sheet spells it, noisy ones first."""
        return (*self.noisy, *self.reference_sources, *([self.truth] if self.truth else []))

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the scan once, noisy ones first, without the paths of HDF5 datasets."""
        return tuple(dict.fromkeys(split_source(source)[0] for source in self.sources))

    @property
    def settings(self) -> SourceSettings:
        """What the row says of the files of the scan, as the step ingest_scan takes it."""
        return SourceSettings(
            noisy=self.noisy,
            reference=self.reference,
            group=self.group,
            axes=self.axes,
            reference_axes=self.reference_axes,
            file_channels=self.channels,
            pixel_size=self.pixel_size,
            pixel_unit=self.pixel_unit,
            truth=self.truth,
        )


def parse_row(cells: Mapping[str, str], place: str | Path) -> SheetRow:
    """Check the cells of one row.

    Parameters
    ----------
    cells
        Text by column, without spaces at the ends. Optional columns may be missing.
    place
        File and line, for messages.

    Returns
    -------
    SheetRow
        The row, with one spelling for every path.

    Raises
    ------
    InputError
        If a cell cannot be used. The message names place, column and value.
    """
    check_scan_name(cells["scan"], file=place)
    role = cells["role"]
    if role not in SHEET_ROLES:
        remedy = f"use one of {', '.join(SHEET_ROLES)}"
        raise InputError("unknown role", file=place, key="role", value=role, remedy=remedy)
    noisy, reference = _files(cells, place)
    if role != APPLY and not reference:
        raise InputError(
            f"a scan with the role {role} has no reference",
            file=place,
            key="reference",
            value="",
            remedy=f"name its file, write {LEAVE_ONE_OUT} if it has several frames, or set the role to apply",
        )
    _check_text(cells, place)
    return SheetRow(
        scan=cells["scan"],
        role=role,
        noisy=noisy,
        reference=LEAVE_ONE_OUT if reference == (LEAVE_ONE_OUT,) else reference or None,
        group=cells["group"],
        axes=_axes(cells, "axes", place),
        reference_axes=_axes(cells, "reference_axes", place),
        channels=_parts(cells.get("channels", "")) or None,
        pixel_size=_pixel_size(cells, place),
        pixel_unit=cells.get("pixel_unit") or None,
        truth=_plain_source(cells.get("truth", "")) or None,
    )


def cells_of(row: SheetRow) -> dict[str, str]:
    """Convert a row to its cells; the inverse of :func:`parse_row`.

    Parameters
    ----------
    row
        The row.

    Returns
    -------
    dict
        Text by column; lists are joined with ";".
    """
    cells = {}
    for field in fields(row):
        value = getattr(row, field.name)
        many = isinstance(value, tuple)
        cells[field.name] = ";".join(str(part) for part in value) if many else str(value or "")
    return cells


def check_writable(row: SheetRow, path: str | Path) -> None:
    """Check that a row can be written into a scan sheet and read back unchanged.

    Parameters
    ----------
    row
        The row.
    path
        The scan sheet, for messages.

    Raises
    ------
    InputError
        If a cell has tabs, line breaks or other characters that cannot be printed, an entry of a list has ";", or there
        are spaces at an end.
    """
    for key, cell in cells_of(row).items():
        value = getattr(row, key)
        broken = isinstance(value, tuple) and any(";" in str(part) for part in value)
        edges = any(str(part) != str(part).strip() for part in (value if isinstance(value, tuple) else (value or "",)))
        if broken or edges or not cell.isprintable():
            remedy = "avoid tabs, line breaks, ';' and spaces at the ends"
            raise InputError("cannot be written into a sheet", file=path, key=key, value=cell, remedy=remedy)


def _files(cells: Mapping[str, str], place: str | Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sources in the columns ``noisy`` and ``reference``, in one spelling."""
    noisy, reference = (tuple(map(_plain_source, _parts(cells[key]))) for key in ("noisy", "reference"))
    if not noisy or not all(noisy) or not all(reference):
        key = "reference" if noisy and all(noisy) else "noisy"
        remedy = "name one file, or several parted by ';' with none left out"
        raise InputError("a path is empty", file=place, key=key, value=cells[key], remedy=remedy)
    if LEAVE_ONE_OUT in noisy or (LEAVE_ONE_OUT in reference and len(reference) > 1):
        remedy = f"write {LEAVE_ONE_OUT} alone in the column `reference`"
        raise InputError(f"{LEAVE_ONE_OUT} among files", file=place, key="reference", remedy=remedy)
    return noisy, reference


def _check_text(cells: Mapping[str, str], place: str | Path) -> None:
    """Raise for hidden characters anywhere, and for names that pages cannot show."""
    for column, cell in cells.items():
        if hidden := hidden_in(cell):
            problem = f"it has hidden characters ({', '.join(hidden[:5])})"
            remedy = "type it anew; if the name of a file has them, rename the file"
            raise InputError(problem, file=place, key=column, value=cell, remedy=remedy)
    for column, longest in _SHOWN.items():
        if any(len(part) > longest for part in _parts(cells.get(column, ""))):
            remedy = f"use at most {longest} characters"
            raise InputError("the name is too long", file=place, key=column, value=cells[column], remedy=remedy)
    for column in _SHOWN:
        if _FORBIDDEN & set(cells.get(column, "")) or not cells.get(column, "").isprintable():
            remedy = "use letters, digits, spaces and plain signs"
            raise InputError("forbidden characters", file=place, key=column, value=cells[column], remedy=remedy)


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";")) if cell else ()


def _plain_source(source: str) -> str:
    """Return one spelling of a source: ``./a//b.h5:/x`` becomes ``a/b.h5:/x``.

    ``..`` stays, because the folder before it may be a link.
    """
    file, dataset = split_source(source)
    plain = str(PurePosixPath(file)) if file else file
    return plain if dataset is None else f"{plain}:{dataset}"


def _axes(cells: Mapping[str, str], column: str, place: str | Path) -> str | None:
    axes = cells.get(column, "").upper()
    letters = axes.replace("T", "R")
    usable = set(letters) <= set(AXES) and {"Y", "X"} <= set(letters) and len(set(letters)) == len(letters)
    if axes and not usable:
        remedy = "use each letter of R (repeat), C (channel), Z, Y, X at most once, Y and X always, such as RCYX"
        raise InputError("not usable as axes", file=place, key=column, value=cells[column], remedy=remedy)
    return axes or None


def _pixel_size(cells: Mapping[str, str], place: str | Path) -> tuple[float, ...] | None:
    size, unit = cells.get("pixel_size", ""), cells.get("pixel_unit", "")
    if bool(size) != bool(unit):
        key = "pixel_unit" if size else "pixel_size"
        remedy = "fill both `pixel_size` and `pixel_unit`, or leave both empty to use what the file says"
        raise InputError("a pixel size needs its unit, and a unit its size", file=place, key=key, remedy=remedy)
    if not size:
        return None
    try:
        sizes = tuple(float(part) for part in _parts(size))
    except ValueError:
        sizes = ()
    if not 1 <= len(sizes) <= 3 or not all(math.isfinite(part) and part > 0 for part in sizes):
        remedy = "give one positive number, or one per axis in the order z;y;x"
        raise InputError("not usable as pixel size", file=place, key="pixel_size", value=size, remedy=remedy)
    return sizes
