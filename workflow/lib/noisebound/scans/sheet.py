"""The scan sheet: a table of scans with their roles and files, checked as a whole, and extended without losing rows.

Only the standard library is imported here, because every parse of the workflow reads the sheet.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path, PurePosixPath

from ..core.errors import InputError, LeakageError
from ..core.names import check_scan_name
from ..core.paths import unexpanded
from ..core.sources import LEAVE_ONE_OUT, source_identity, split_source
from ..core.storage import write_text
from ..core.texts import NAME, UNIT, hidden_in

ROLES = ("train", "select", "calibrate", "test", "apply", "split")
REQUIRED = ("scan", "role", "noisy", "reference", "group")
OPTIONAL = ("axes", "reference_axes", "channels", "pixel_size", "pixel_unit", "truth")
_FORBIDDEN = set("<>&\"'`$\\")


@dataclass(frozen=True)
class SheetRow:
    """One scan of the sheet. ``reference`` holds files, is ``"leave-one-out"``, or is ``None``.

    ``truth`` is the file of the true signal of a simulated scan, which only ever judges.
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
        """The measured reference's files; empty for leave-one-out and for none."""
        return self.reference if isinstance(self.reference, tuple) else ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source of the scan as it is spelled, noisy first."""
        return (*self.noisy, *self.reference_sources, *([self.truth] if self.truth else []))

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the scan once, noisy first, without the paths of HDF5 datasets."""
        return tuple(dict.fromkeys(split_source(source)[0] for source in self.sources))


def read_sheet(path: str | Path) -> list[SheetRow]:
    """Read and check a scan sheet (UTF-8, columns parted by tabs, lines beginning with ``#`` are comments).

    Raises ``InputError`` for a missing file, unknown, repeated or missing columns, and cells that cannot be used,
    with file, line, column and value; ``LeakageError`` where scans of different roles share files or a group.
    """
    return parse_sheet(sheet_text(path), path)


def parse_sheet(text: str, path: str | Path) -> list[SheetRow]:
    """The rows of a sheet of this content; errors are those of ``read_sheet`` and name ``path``."""
    columns, numbered = _table(text, path)
    rows = [_row(dict(zip(columns, cells, strict=True)), f"{path}, line {line}") for line, cells in numbered]
    _check_rows(rows, path)
    return rows


def write_sheet(path: str | Path, rows: Sequence[SheetRow]) -> None:
    """Write a new sheet of ``rows``, atomically, with the optional columns that any row uses.

    Raises as ``read_sheet`` does for rows that it would refuse.
    """
    optional = [column for column in OPTIONAL if any(getattr(row, column) for row in rows)]
    columns = [*REQUIRED, *optional]
    for row in rows:
        _check_cells(row, path)
    lines = ["\t".join(columns), *("\t".join(_cells(row)[column] for column in columns) for row in rows)]
    _check_rows([_row(_cells(row), path) for row in rows], path)
    write_text(path, "\n".join(lines) + "\n")


def missing_files(rows: Sequence[SheetRow]) -> list[str]:
    """One line per file of the sheet that is missing, empty or not a file, naming the scan and the remedy."""
    problems = []
    for row in rows:
        for file in row.files:
            found = _file_problem(file)
            if found:
                problem, remedy = found
                problems.append(f"scan {row.scan!r}: file {file!r} {problem}. Remedy: {remedy}.")
    return problems


def _file_problem(file: str) -> tuple[str, str] | None:
    """What is wrong with a file of the sheet, and the remedy."""
    try:
        if Path(file).is_file():
            return None if Path(file).stat().st_size else ("is empty (0 bytes)", "copy or export it again")
        if Path(file).is_dir():
            return "is a directory", "name the files themselves"
    except OSError as error:  # a name that is too long, a folder that may not be entered
        return f"cannot be reached ({error.strerror})", "correct the path in the scan sheet, or the permissions"
    full = unexpanded(file)
    if full is not None:
        remedy = f"write {full}" if full else "write the whole path"
        return "does not exist: neither ~ nor variables such as $HOME are replaced", remedy
    return "does not exist", "correct the path in the scan sheet or put the file there"


def sheet_text(path: str | Path) -> str:
    """Content of a sheet. Raises ``InputError`` where the file is missing or no text."""
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        remedy = "correct `scans` in the configuration, or begin a sheet with `noisebound register`"
        raise InputError("the scan sheet does not exist", file=path, remedy=remedy) from None
    except UnicodeDecodeError as error:
        raise InputError(f"the scan sheet cannot be read ({error})", file=path, remedy="save it as UTF-8") from None
    except (OSError, ValueError) as error:
        problem = f"the scan sheet cannot be opened ({error})"
        raise InputError(problem, file=path, remedy="name a file, and make it readable for this user") from None


def _is_comment(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _table(text: str, path: str | Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The columns, and the cells of each row with its line number; short rows are filled with empty cells."""
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if not _is_comment(line)]
    if not numbered:
        remedy = f"begin with the line {' <tab> '.join(REQUIRED)}"
        raise InputError("the scan sheet has no header", file=path, remedy=remedy)
    columns = [cell.strip() for cell in numbered[0][1].split("\t")]
    known = ", ".join(REQUIRED + OPTIONAL)
    for column in columns:
        if column not in REQUIRED + OPTIONAL:
            remedy = f"part columns with tabs and use only {known}"
            raise InputError("unknown column", file=path, key="column", value=column, remedy=remedy)
        if columns.count(column) > 1:
            raise InputError("column named twice", file=path, key="column", value=column, remedy="keep one of them")
    lacking = [column for column in REQUIRED if column not in columns]
    if lacking:
        remedy = f"add {'it' if len(lacking) == 1 else 'them'} to the header, parted by tabs"
        raise InputError(f"columns missing: {', '.join(lacking)}", file=path, remedy=remedy)
    rows = []
    for number, line in numbered[1:]:
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) > len(columns):
            problem = f"{len(cells)} cells under {len(columns)} columns"
            raise InputError(problem, file=f"{path}, line {number}", remedy="remove the tabs that are too many")
        rows.append((number, cells + [""] * (len(columns) - len(cells))))
    return columns, rows


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";")) if cell else ()


def _row(cells: dict[str, str], place: str | Path) -> SheetRow:
    """Check the cells of one row; ``place`` names file and line in errors."""
    check_scan_name(cells["scan"], file=place)
    role = cells["role"]
    if role not in ROLES:
        remedy = f"use one of {', '.join(ROLES)}"
        raise InputError("unknown role", file=place, key="role", value=role, remedy=remedy)
    noisy, reference = (tuple(map(_plain_source, _parts(cells[key]))) for key in ("noisy", "reference"))
    if not noisy or not all(noisy) or not all(reference):
        key = "reference" if noisy and all(noisy) else "noisy"
        remedy = "name one file, or several parted by ';' with none left out"
        raise InputError("a path is empty", file=place, key=key, value=cells[key], remedy=remedy)
    if LEAVE_ONE_OUT in noisy or (LEAVE_ONE_OUT in reference and len(reference) > 1):
        remedy = f"write {LEAVE_ONE_OUT} alone in the column `reference`"
        raise InputError(f"{LEAVE_ONE_OUT} among files", file=place, key="reference", remedy=remedy)
    if role != "apply" and not reference:
        raise InputError(
            f"a scan with the role {role} has no reference",
            file=place,
            key="reference",
            value="",
            remedy=f"name its file, write {LEAVE_ONE_OUT} if it has several frames, or set the role to apply",
        )
    for column, cell in cells.items():
        if hidden := hidden_in(cell):
            problem = f"it has hidden characters ({', '.join(hidden[:5])})"
            remedy = "type it anew; if the name of a file has them, rename the file"
            raise InputError(problem, file=place, key=column, value=cell, remedy=remedy)
    for column, longest in (("group", NAME), ("channels", NAME), ("pixel_unit", UNIT)):
        if any(len(part) > longest for part in _parts(cells.get(column, ""))):
            remedy = f"use at most {longest} characters"
            raise InputError("the name is too long", file=place, key=column, value=cells[column], remedy=remedy)
    for column in ("group", "channels", "pixel_unit"):
        if _FORBIDDEN & set(cells.get(column, "")) or not cells.get(column, "").isprintable():
            remedy = "use letters, digits, spaces and plain signs"
            raise InputError("forbidden characters", file=place, key=column, value=cells[column], remedy=remedy)
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


def _plain_source(source: str) -> str:
    """One spelling of a source: ``./a//b.h5:/x`` and ``a/b.h5:/x`` are the same; ``..`` stays, for links' sake."""
    file, dataset = split_source(source)
    plain = str(PurePosixPath(file)) if file else file
    return plain if dataset is None else f"{plain}:{dataset}"


def _axes(cells: dict[str, str], column: str, place: str | Path) -> str | None:
    axes = cells.get(column, "").upper()
    letters = axes.replace("T", "R")
    usable = set(letters) <= set("RCZYX") and {"Y", "X"} <= set(letters) and len(set(letters)) == len(letters)
    if axes and not usable:
        remedy = "use each letter of R (repeat), C (channel), Z, Y, X at most once, Y and X always, such as RCYX"
        raise InputError("not usable as axes", file=place, key=column, value=cells[column], remedy=remedy)
    return axes or None


def _pixel_size(cells: dict[str, str], place: str | Path) -> tuple[float, ...] | None:
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


def _check_rows(rows: Sequence[SheetRow], path: str | Path) -> None:
    """Raise for scans named twice, and where roles that must be disjoint share files or a group."""
    seen: set[str] = set()
    for row in rows:
        # File systems that ignore case would give both scans the same outputs.
        if row.scan.lower() in seen:
            remedy = "give every scan a name of its own"
            raise InputError("two scans have this name", file=path, key="scan", value=row.scan, remedy=remedy)
        seen.add(row.scan.lower())
    owners: dict[tuple[str, ...], SheetRow] = {}
    for row in rows:
        if row.role == "apply":
            continue
        shared = [("file", *source_identity(source)) for source in row.noisy + row.reference_sources]
        for mark in [*shared, *([("group", row.group)] if row.group else [])]:
            other = owners.setdefault(mark, row)
            if other is row or (other.role == row.role and row.role != "split"):
                continue
            what = f"the group {row.group!r}" if mark[0] == "group" else f"the file {mark[1]!r}"
            raise LeakageError(
                f"scans {other.scan!r} ({other.role}) and {row.scan!r} ({row.role}) share {what}, so that pixels "
                "learned from would also judge",
                file=path,
                key="role",
                value=row.role,
                remedy="give both the same role (not split), or make them one scan with the role split",
            )


def _cells(row: SheetRow) -> dict[str, str]:
    cells = {}
    for field in fields(row):
        value = getattr(row, field.name)
        many = isinstance(value, tuple)
        cells[field.name] = ";".join(str(part) for part in value) if many else str(value or "")
    return cells


def _check_cells(row: SheetRow, path: str | Path) -> None:
    """Raise where a value would not come back from the file as it went in."""
    for key, cell in _cells(row).items():
        value = getattr(row, key)
        broken = isinstance(value, tuple) and any(";" in str(part) for part in value)
        edges = any(str(part) != str(part).strip() for part in (value if isinstance(value, tuple) else (value or "",)))
        if broken or edges or not cell.isprintable():
            remedy = "avoid tabs, line breaks, ';' and spaces at the ends"
            raise InputError("cannot be written into a sheet", file=path, key=key, value=cell, remedy=remedy)
