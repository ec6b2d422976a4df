"""The scan sheet as it was when a run was started: a copy that all jobs of the run read.

Every job reads the workflow again. If jobs read the sheet itself, scans registered meanwhile would change the inputs of
the steps that use all scans. A copy is named by the digest of its content, so that a damaged or foreign file is never
taken for it.

Only the standard library is imported here, because every job reads the workflow and the sheet.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from ..core.errors import InputError
from ..core.storage import remove_parts, write_text
from .register import ABANDONED
from .sheet import parse_sheet, sheet_text
from .sheet_row import SheetRow

VARIABLE = "NOISEBOUND_SHEET"  # the environment variable in which jobs find the path of the copy
FOLDER = Path(".snakemake", "noisebound")


def sheet_of_run(
    sheet: str | Path, *, started_by_user: bool, environment: MutableMapping[str, str] = os.environ
) -> list[SheetRow]:
    """Return the rows of the scan sheet, the same in all jobs of a run.

    Parameters
    ----------
    sheet
        The scan sheet.
    started_by_user
        True in the process that the user started. It reads the sheet, copies it into ``.snakemake/noisebound`` and
        stores the path of the copy in ``environment``. False in its jobs, which read the copy.
    environment
        Environment variables of this process, which its jobs inherit.

    Returns
    -------
    list of SheetRow
        The scans in the order of the sheet.

    Raises
    ------
    InputError
        If the sheet cannot be used (:func:`read_sheet`), if the copy cannot be written, or if a job finds no valid copy
        and the sheet has changed since.
    LeakageError
        As in :func:`read_sheet`.
    """
    if not started_by_user and VARIABLE in environment:
        return parse_sheet(_copied_text(sheet, Path(environment[VARIABLE])), sheet)
    text = sheet_text(sheet)
    rows = parse_sheet(text, sheet)
    copy = (FOLDER / _copy_name(sheet, text)).absolute()
    _write(copy, text)
    environment[VARIABLE] = str(copy)
    return rows


def _copied_text(sheet: str | Path, copy: Path) -> str:
    """Return the text of the copy for a job; write the copy again if it is damaged and the sheet is unchanged."""
    text = _read(copy)
    if text is not None and _copy_name(sheet, text) == copy.name:
        return text
    with suppress(InputError):
        now = sheet_text(sheet)
        if _copy_name(sheet, now) == copy.name:
            _write(copy, now)
            return now
    raise InputError(
        f"the copy of the scan sheet {str(sheet)!r} that jobs of this run read "
        + ("does not exist" if not copy.exists() else "is damaged, or is one of another sheet"),
        file=copy,
        key=VARIABLE,
        remedy=f"start the same command again; if {VARIABLE} is set in your shell, unset it",
    )


def _copy_name(sheet: str | Path, text: str) -> str:
    # The path is digested too, because copies of several sheets lie in the same folder.
    return hashlib.sha256(f"{os.path.normpath(sheet)}\n{text}".encode()).hexdigest() + ".tsv"


def _read(copy: Path) -> str | None:
    """Content of a copy; None where there is none that can be read."""
    try:
        return copy.read_bytes().decode() if copy.is_file() else None
    except (OSError, UnicodeDecodeError):
        return None


def _write(copy: Path, text: str) -> None:
    """Put ``text`` into the copy unless it is there already."""
    if _read(copy) == text:
        return
    try:
        write_text(copy, text)
    except OSError as error:
        if _read(copy) != text:  # otherwise another run wrote the same copy at the same time
            raise InputError(
                f"no copy of the scan sheet can be written ({error.strerror})",
                file=copy,
                remedy="free space on the disk, or start in a folder that you may write to",
            ) from None
    remove_parts(copy, older_than=ABANDONED)
