"""The scan sheet: a table of scans with their roles and files, checked as a whole.

Only the standard library is imported here, because every job reads the workflow and the sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors import InputError, LeakageError
from ..core.paths import unexpanded
from ..core.roles import APPLY, SPLIT
from ..core.sources import source_identity
from .sheet_row import OPTIONAL, REQUIRED, SheetRow, parse_row


def read_sheet(path: str | Path) -> list[SheetRow]:
    """Read and check a scan sheet.

    Parameters
    ----------
    path
        Text in UTF-8 with columns separated by tabs. Lines that begin with ``#`` are comments.

    Returns
    -------
    list of SheetRow
        The scans in the order of the sheet.

    Raises
    ------
    InputError
        If the file is missing, columns are unknown, repeated or missing, or a cell cannot be used. The message names
        file, line, column and value.
    LeakageError
        If scans of different roles share sources or a group.
    """
    return parse_sheet(sheet_text(path), path)


def parse_sheet(text: str, path: str | Path) -> list[SheetRow]:
    """Read and check the content of a scan sheet.

    Parameters
    ----------
    text
        The content.
    path
        The scan sheet, for messages.

    Returns
    -------
    list of SheetRow
        The scans in the order of the sheet.

    Raises
    ------
    InputError, LeakageError
        As in :func:`read_sheet`.
    """
    columns, numbered = parse_table(text, path)
    rows = [parse_row(dict(zip(columns, cells, strict=True)), f"{path}, line {line}") for line, cells in numbered]
    check_rows(rows, path)
    return rows


def sheet_text(path: str | Path) -> str:
    """Read the content of a scan sheet.

    Parameters
    ----------
    path
        The scan sheet.

    Returns
    -------
    str
        Its text, without a byte order mark.

    Raises
    ------
    InputError
        If it is missing, not text in UTF-8, or cannot be opened.
    """
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


def is_comment(line: str) -> bool:
    """Tell whether a line of a scan sheet is a comment or empty.

    Parameters
    ----------
    line
        The line.

    Returns
    -------
    bool
        True if it holds no row.
    """
    return not line.strip() or line.lstrip().startswith("#")


def parse_table(text: str, path: str | Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Split the content of a scan sheet into cells.

    Parameters
    ----------
    text
        The content.
    path
        The scan sheet, for messages.

    Returns
    -------
    columns : list of str
        The header.
    rows : list of (int, list of str)
        The number of each line (from 1) and its cells, without spaces at the ends, as many as there are columns.

    Raises
    ------
    InputError
        If there is no header, columns are unknown, repeated or missing, or a row has more cells than there are columns.
    """
    numbered = [(number, line) for number, line in enumerate(text.split("\n"), 1) if not is_comment(line)]
    if not numbered:
        remedy = f"begin with the line {' <tab> '.join(REQUIRED)}"
        raise InputError("the scan sheet has no header", file=path, remedy=remedy)
    columns = [cell.strip() for cell in numbered[0][1].split("\t")]
    for column in columns:
        if column not in REQUIRED + OPTIONAL:
            remedy = f"part columns with tabs and use only {', '.join(REQUIRED + OPTIONAL)}"
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


def check_rows(rows: Sequence[SheetRow], path: str | Path) -> None:
    """Check that the rows of a scan sheet fit together.

    Parameters
    ----------
    rows
        The rows.
    path
        The scan sheet, for messages.

    Raises
    ------
    InputError
        If two scans have the same name. Case is ignored, as some file systems do.
    LeakageError
        If scans of different roles, apply excepted, share sources or a group, or if scans with the role split do.
    """
    seen: set[str] = set()
    for row in rows:
        # File systems that ignore case would give both scans the same outputs.
        if row.scan.lower() in seen:
            remedy = "give every scan a name of its own"
            raise InputError("two scans have this name", file=path, key="scan", value=row.scan, remedy=remedy)
        seen.add(row.scan.lower())
    owners: dict[tuple[str, ...], SheetRow] = {}
    for row in rows:
        if row.role == APPLY:
            continue
        shared = [("file", *source_identity(source)) for source in row.noisy + row.reference_sources]
        for mark in [*shared, *([("group", row.group)] if row.group else [])]:
            other = owners.setdefault(mark, row)
            if other is row or (other.role == row.role and row.role != SPLIT):
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


def missing_files(rows: Sequence[SheetRow]) -> list[str]:
    """List the files of a scan sheet that are missing, empty or no files.

    Parameters
    ----------
    rows
        The rows.

    Returns
    -------
    list of str
        One line per file, which names the scan, the problem and the remedy.
    """
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
