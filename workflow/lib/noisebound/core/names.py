"""What a scan and a run may be called: their names become names of files, beside files that the run itself writes."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import InputError

# File systems take names of 255 bytes. Suffixes, and what is put around a name while its file is written, need their
# share; and people read these names in lists, legends and headings.
MOST_CHARACTERS = 100
# Files of the run that lie in a folder of files named by scans, by the name that no scan may have. A test compares them
# with the outputs of the rules.
RESERVED = {
    "calibrated": "drift/calibrated.npz",
    "check": "regions/check.json of earlier versions",
    "model": "tokens/model.npz",
    "stability": "tokens/stability.csv",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check_name(name: str, *, key: str = "scan", file: str | Path | None = None) -> str:
    """Check that a name may be part of a file name and of a web page.

    Parameters
    ----------
    name
        The name of a scan or of a run.
    key, file
        Where it stands, for messages.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InputError
        For other characters than letters, digits, ``_``, ``.`` and ``-``, and for more than ``MOST_CHARACTERS``.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise InputError(
            "the name has characters that file names and pages cannot carry",
            file=file,
            key=key,
            value=name[: 2 * MOST_CHARACTERS],
            remedy="use letters, digits, '_', '.' and '-' only, begin with a letter or digit, and avoid '..'",
        )
    if len(name) > MOST_CHARACTERS:
        raise InputError(
            f"the name has {len(name)} characters, too many for the names of its files",
            file=file,
            key=key,
            value=f"{name[:20]}...",
            remedy=f"use at most {MOST_CHARACTERS} characters",
        )
    return name


def check_scan_name(name: str, *, file: str | Path | None = None) -> str:
    """Check that a scan may have this name, as :func:`check_name` does.

    Raises
    ------
    InputError
        Also for the names in ``RESERVED``, whether in small letters or not: some file systems ignore the difference.
    """
    check_name(name, file=file)
    if name.lower() in RESERVED:
        raise InputError(
            f"this name is reserved for a file of the whole run, {RESERVED[name.lower()]}",
            file=file,
            key="scan",
            value=name,
            remedy=f"give the scan another name, for example {name}-1",
        )
    return name
