"""Whether every scan has the frame that is to be delivered, as far as this can be known before anything runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import InputError
from ..scans.sheet_row import SheetRow
from .defaults import Settings


def check_frame(rows: Mapping[str, SheetRow], settings: Settings, file: str) -> None:
    """Check ``ensemble.frame`` against the number of frames of every scan.

    For frame 0, which every scan has, no file is opened. Otherwise the number of frames is read from
    ``scans/<scan>.json``, which the ingest wrote. If that is missing or has too few frames, it is read from the headers
    of the noisy files.

    Parameters
    ----------
    rows
        The rows of the scan sheet by name of the scan.
    settings
        A whole configuration.
    file
        Its file, for messages.

    Raises
    ------
    InputError
        If a scan has no frame of that number. Files that cannot be read are skipped; the ingest reports them.
    """
    frame = settings["ensemble"]["frame"]
    if not frame:
        return
    folder = Path(settings["results"], settings["run"], "scans")
    simulated = {entry["scan"] for entry in settings["simulation"]["scans"]}
    for scan, row in rows.items():
        count = 1 if scan in simulated else _stored(folder / f"{scan}.json")
        if scan not in simulated and (count is None or count <= frame):
            count = _measured(row)
        if count is not None and frame >= count:
            raise InputError(
                f"the scan {scan!r} has {count} {'frame' if count == 1 else 'frames'}, numbered from 0",
                file=file,
                key="ensemble.frame",
                value=frame,
                remedy=f"give {count - 1} or less, or take the scan out of the sheet",
            )


def _stored(path: Path) -> int | None:
    """The number of frames that the ingest found; None where there is no such file, or not a usable one."""
    try:
        count = json.loads(path.read_text(encoding="utf-8"))["frames"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return count if isinstance(count, int) else None


def _measured(row: SheetRow) -> int | None:
    """The number of frames in the noisy files, from their headers; None where these cannot be read from here."""
    try:
        # Reading images takes numpy and more, which reading the workflow must not load without need, and which may
        # not be there where every step has an environment of its own.
        from ..scans.readers import read_header

        return sum(read_header(source, axes=row.axes).length("R") for source in row.noisy)
    except (ImportError, InputError):
        return None
