"""The scan sheet as it was when a run was started: a copy that all jobs of the run read.

Every job reads the workflow again. Scans registered meanwhile would change the inputs of the steps that gather all
scans. The name of a copy is the digest of its content, so that a torn or foreign file is never taken for it.

Only the standard library is imported here, because every parse of the workflow reads the sheet.
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
    """The rows of the scan sheet, the same for all jobs of a run.

    Parameters
    ----------
    sheet
        The scan sheet.
    started_by_user
        True in the process that the user started, which reads the sheet, copies it into ``.snakemake/noisebound`` and
        leaves the path in ``environment``, whatever was there; False in its jobs, which read the copy.
    environment
        The environment of this process, which its jobs inherit.

    Raises
    ------
    InputError
        The sheet cannot be used (see ``read_sheet``), or the copy can be neither written nor, by a job, read: it is
        missing, torn, or one of another sheet, and the sheet has changed since.
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
    """The text that a job finds in the copy, which is mended where the sheet still has the same content."""
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
    # With the path, for there may be several sheets in one folder.
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
        if _read(copy) != text:  # else another run wrote the same copy at the same time
            raise InputError(
                f"no copy of the scan sheet can be written ({error.strerror})",
                file=copy,
                remedy="free space on the disk, or start in a folder that you may write to",
            ) from None
    remove_parts(copy, older_than=ABANDONED)
