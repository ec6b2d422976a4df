"""Which of a machine's devices a job may use: places that jobs take and give back by themselves.

Nobody hands out the GPUs of a machine without a batch system, so jobs share them out among themselves. A place is an
exclusive lock on an empty file, which the system drops when the process that holds it ends, however it ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import socket
import stat
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .errors import InputError

logger = logging.getLogger("noisebound")

PAUSE = 1.0  # seconds between two looks for a free place

# Number of the device that this process holds, by the folder of the locks and the devices it could choose from.
_held: dict[tuple[str, tuple[str, ...]], int] = {}


def take_device(devices: Sequence[str], places: int, folder: str | Path | None = None) -> int:
    """Take a place on one of ``devices`` and return its index; the place is free again when this process ends.

    ``devices`` are names that all jobs of this user and machine agree on. Each has ``places`` places; a device with
    fewer jobs is preferred. Where all places are taken, the call waits. A process that asks again gets the same
    device. ``folder`` holds the locks: by default one in the folder for temporary files, of this user alone.

    Raises ``InputError`` where the folder belongs to somebody else, so that nobody can mislead or block the jobs.
    """
    folder = Path(folder) if folder is not None else default_folder()
    key = (str(folder), tuple(devices))
    if key not in _held:
        _make_private(folder)
        _held[key] = _wait(devices, places, folder)
    return _held[key]


def default_folder() -> Path:
    """Where the locks of this user on this machine lie; folders for temporary files may be shared by machines."""
    return Path(tempfile.gettempdir()) / f"noisebound-{os.getuid()}-{_plain(socket.gethostname())}"


def _wait(devices: Sequence[str], places: int, folder: Path) -> int:
    waiting = False
    while True:
        # Place by place, so that every device has a first job before one has a second.
        for place in range(places):
            for number, device in enumerate(devices):
                if _lock(folder / f"{_plain(device)}.{place}"):
                    return number
        if not waiting:
            logger.info("waiting for one of %d GPUs, each of which takes %d jobs at a time", len(devices), places)
            waiting = True
        time.sleep(PAUSE)


def _lock(path: Path) -> bool:
    """Lock a file for the rest of this process; False where another process holds it."""
    # Not inherited by programs that this one starts, nor ever closed. A link is not followed.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    return True


def _make_private(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise InputError(
            "not a folder that only this user can write to",
            file=folder,
            remedy="remove it, or set TMPDIR to a folder of your own",
        )


def _plain(name: str) -> str:
    """A name that is safe within a path."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)
