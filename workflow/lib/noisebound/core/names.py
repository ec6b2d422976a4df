"""Names that a scan and a run may have, since they become parts of file names."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import InputError

# File systems allow names of 255 bytes. This leaves room for suffixes and for the additions of temporary names, and
# keeps the names readable in lists, legends and headings.
MOST_CHARACTERS = 100
# Names that no scan may have, each with the file of the run with which a file of that scan would collide. A test
# compares them with the outputs of the rules.
RESERVED = {
    "calibrated": "drift/calibrated.npz",
    "check": "regions/check.json of earlier versions",
    "model": "tokens/model.npz",
    "stability": "tokens/stability.csv",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check_name(name: str, *, key: str = "scan", file: str | Path | None = None) -> str:
    """Check that a name can be part of a file name and of a web page.

    Parameters
    ----------
    name
        The name of a scan or of a run.
    key, file
        Where the name stands, for messages.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InputError
        If the name has characters other than letters, digits, ``_``, ``.`` and ``-``, begins with none of letters and
        digits, contains ``..``, or is longer than ``MOST_CHARACTERS``.
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
    """Check that a scan may have this name: the rules of :func:`check_name`, and no reserved name.

    Parameters
    ----------
    name
        The name of the scan.
    file
        Where the name stands, for messages.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InputError
        As in :func:`check_name`, and if the name is one of ``RESERVED``. Case is ignored, as some file systems do.
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


def safe_in_path(text: str) -> str:
    """Make a text part of the name of a file: whatever could lead elsewhere becomes an underscore.

    Parameters
    ----------
    text
        Anything, such as the name of a machine or of a scan.

    Returns
    -------
    str
        Letters and digits of ASCII, dots, hyphens and underscores; never empty, and no dot first.
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text).lstrip(".") or "_"
