"""Adding a scan to the scan sheet without losing a row, whoever else is writing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from ..core.errors import InputError
from ..core.sources import split_source
from ..core.storage import remove_parts, write_text
from .sheet import (
    OPTIONAL,
    REQUIRED,
    SheetRow,
    _cells,
    _check_cells,
    _check_rows,
    _is_comment,
    _row,
    _table,
    read_sheet,
    sheet_text,
)

ABANDONED = 3600.0  # seconds after which a sheet that is still being written has no writer any more


def register_scan(path: str | Path, row: SheetRow, *, dimensions: int | None = None) -> SheetRow:
    """Append a scan to the sheet and return its row as written; the sheet is begun where there is none.

    The row's files are opened and all their pixels checked before anything is written; ``dimensions`` (2 or 3) is
    what the run needs, and any will do where ``None``. Files below the working
    directory are stored relative to it. Existing lines, comments and columns are kept; a lock on ``<sheet>.lock``
    lets several registrations run at once, and each sees the rows of those before it.

    Raises ``InputError`` for a name that is taken and for files that cannot be used, ``LeakageError`` for roles that
    would overlap; the sheet is unchanged then.
    """
    # Reading images needs numpy and more, which parsing a sheet must not load.
    from .find_problems import find_problems

    row = _with_relative_paths(row)
    _check_cells(row, path)
    row = _row(_cells(row), path)
    if Path(path).exists():
        _check_rows([*read_sheet(path), row], path)
    problems = find_problems(
        row.noisy,
        row.reference,
        axes=row.axes,
        reference_axes=row.reference_axes,
        file_channels=row.channels,
        pixel_size=row.pixel_size,
        pixel_unit=row.pixel_unit,
        truth=row.truth,
        dimensions=dimensions,
    )
    if problems:
        raise InputError(
            "not registered; " + "; ".join(problem.rstrip(".") for problem in problems),
            key="scan",
            value=row.scan,
            remedy="register the scan again after that",
        )
    with _locked(path):
        text = sheet_text(path) if Path(path).exists() else "\t".join(REQUIRED) + "\n"
        columns, _ = _table(text, path)
        if Path(path).exists():
            _check_rows([*read_sheet(path), row], path)
        cells = _cells(row)
        added = [column for column in OPTIONAL if cells[column] and column not in columns]
        lines = _with_columns(text.rstrip("\n").split("\n"), added)
        line = "\t".join(cells[column] for column in [*columns, *added])
        if _is_comment(line):
            remedy = "rename the file, or begin the sheet with the column scan"
            raise InputError("its row would read as a comment", file=path, value=line, remedy=remedy)
        lines.append(line)
        remove_parts(path, older_than=ABANDONED)
        write_text(path, "\n".join(lines) + "\n")
    return row


def _with_relative_paths(row: SheetRow) -> SheetRow:
    def shorten(source: str) -> str:
        file, dataset = split_source(source)
        full, here = os.path.abspath(file), os.getcwd()
        stored = os.path.relpath(full, here) if Path(full).is_relative_to(here) else full
        return stored if dataset is None else f"{stored}:{dataset}"

    reference = tuple(map(shorten, row.reference)) if isinstance(row.reference, tuple) else row.reference
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    truth = shorten(row.truth) if row.truth else None
    return SheetRow(**{**values, "noisy": tuple(map(shorten, row.noisy)), "reference": reference, "truth": truth})


def _with_columns(lines: list[str], added: Sequence[str]) -> list[str]:
    """Add columns to the header; rows may stay short, because cells that lack are empty."""
    if not added:
        return lines
    header = next(number for number, line in enumerate(lines) if not _is_comment(line))
    return [*lines[:header], "\t".join([lines[header], *added]), *lines[header + 1 :]]


@contextmanager
def _locked(path: str | Path) -> Iterator[None]:
    """Hold an exclusive lock beside the sheet: the sheet itself is replaced, so a lock on it would be lost."""
    lock = Path(f"{path}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "a", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
