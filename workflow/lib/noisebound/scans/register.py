"""Adding a scan to the scan sheet, without losing rows that others add at the same time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ..core.errors import InputError
from ..core.sources import split_source
from ..core.storage import remove_parts, write_text
from .settings import DataSettings
from .sheet import check_rows, is_comment, parse_table, read_sheet, sheet_text
from .sheet_row import OPTIONAL, REQUIRED, SheetRow, cells_of, check_writable, parse_row

ABANDONED = 3600.0  # seconds after which the writer of a temporary file of the sheet is taken to be gone


def register_scan(path: str | Path, row: SheetRow, *, dimensions: int | None = None) -> SheetRow:
    """Append a scan to the sheet; a missing sheet is created.

    All pixels of the files are checked before anything is written. Lines, comments and columns of the sheet are kept. A
    lock on ``<sheet>.lock`` lets several registrations run at once; each sees the rows of the earlier ones.

    Parameters
    ----------
    path
        The scan sheet.
    row
        The scan. Files below the working directory are stored relative to it.
    dimensions
        Number of spatial axes that the run needs, 2 or 3; None to accept both.

    Returns
    -------
    SheetRow
        The row as it was written.

    Raises
    ------
    InputError
        If the name is taken or a file cannot be used. The sheet is then unchanged.
    LeakageError
        If scans of different roles would share sources or a group. The sheet is then unchanged.
    """
    row = _with_relative_paths(row)
    check_writable(row, path)
    row = parse_row(cells_of(row), path)
    if Path(path).exists():
        check_rows([*read_sheet(path), row], path)
    _check_files(row, dimensions)
    with _locked(path):
        text = sheet_text(path) if Path(path).exists() else "\t".join(REQUIRED) + "\n"
        columns, _ = parse_table(text, path)
        if Path(path).exists():
            check_rows([*read_sheet(path), row], path)
        remove_parts(path, older_than=ABANDONED)
        write_text(path, _with_row(text, columns, row, path))
    return row


def _check_files(row: SheetRow, dimensions: int | None) -> None:
    """Raise ``InputError`` if the files of a row cannot be used; the message lists the problems found."""
    # Reading images needs numpy and more, which parsing a sheet must not load.
    from .find_problems import find_problems

    problems = find_problems(row.settings, DataSettings(dimensions=dimensions, channels=None, counts=False))
    if problems:
        raise InputError(
            "not registered; " + "; ".join(problem.rstrip(".") for problem in problems),
            key="scan",
            value=row.scan,
            remedy="register the scan again after that",
        )


def _with_row(text: str, columns: Sequence[str], row: SheetRow, path: str | Path) -> str:
    """Add a row to the text of a sheet, and the columns that the row needs."""
    cells = cells_of(row)
    added = [column for column in OPTIONAL if cells[column] and column not in columns]
    lines = _with_columns(text.rstrip("\n").split("\n"), added)
    line = "\t".join(cells[column] for column in [*columns, *added])
    if is_comment(line):
        remedy = "rename the file, or begin the sheet with the column scan"
        raise InputError("its row would read as a comment", file=path, value=line, remedy=remedy)
    return "\n".join([*lines, line]) + "\n"


def _with_relative_paths(row: SheetRow) -> SheetRow:
    def shorten(source: str) -> str:
        file, dataset = split_source(source)
        full, here = os.path.abspath(file), os.getcwd()
        stored = os.path.relpath(full, here) if Path(full).is_relative_to(here) else full
        return stored if dataset is None else f"{stored}:{dataset}"

    reference = tuple(map(shorten, row.reference)) if isinstance(row.reference, tuple) else row.reference
    truth = shorten(row.truth) if row.truth else None
    return replace(row, noisy=tuple(map(shorten, row.noisy)), reference=reference, truth=truth)


def _with_columns(lines: list[str], added: Sequence[str]) -> list[str]:
    """Add columns to the header. Rows can stay short, because missing cells are empty."""
    if not added:
        return lines
    header = next(number for number, line in enumerate(lines) if not is_comment(line))
    return [*lines[:header], "\t".join([lines[header], *added]), *lines[header + 1 :]]


@contextmanager
def _locked(path: str | Path) -> Iterator[None]:
    """Hold an exclusive lock on a file beside the sheet.

    A lock on the sheet itself would be lost when the sheet is replaced.
    """
    lock = Path(f"{path}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "a", encoding="utf-8") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
