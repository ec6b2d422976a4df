"""Which GPU of a machine a job may use: jobs take places on GPUs by themselves.

On a machine without a batch system nobody assigns GPUs, so the jobs share them out among themselves. A place on a GPU
is an exclusive lock on an empty file. The system releases it when the process that holds it ends, for whatever reason.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.errors import InputError
from ..core.names import safe_in_path

logger = logging.getLogger("noisebound")
PAUSE = 1.0  # seconds between two looks for a free place
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)  # errors of file systems without locks
# Number of the device that this process holds, by the folder of the locks and the devices it could choose from.
_held: dict[tuple[str, tuple[str, ...]], int] = {}


def take_device(devices: Sequence[str], places: int, folder: str | Path | None = None) -> int:
    """Take a place on a device; wait while all places are taken.

    The device with the most free places is taken. The place is free again when this process ends. A process that asks
    again gets the same device.

    Parameters
    ----------
    devices
        Names of the devices, the same in all jobs of this user on this machine.
    places
        Number of jobs that a device takes at a time.
    folder
        Folder of the locks; by default one that only this user can write to, in the folder for temporary files. If its
        file system has no locks, the first device is taken without a place, and the log says so.

    Returns
    -------
    int
        Index of the device.

    Raises
    ------
    InputError
        If others than this user can write to the folder, and so could mislead or block the jobs.
    """
    folder = Path(folder) if folder is not None else default_folder()
    key = (str(folder), tuple(devices))
    if key not in _held:
        _make_private(folder)
        try:
            _held[key] = _wait(devices, places, folder)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            logger.warning(
                "no locks in %s (%s): the first of %d GPUs is used, whether or not other jobs use it; "
                "to share GPUs out, set TMPDIR to a folder on a file system with locks",
                folder,
                error.strerror,
                len(devices),
            )
            _held[key] = 0
    return _held[key]


def default_folder() -> Path:
    """Return the folder of this user's locks on this machine.

    The name contains that of the machine, because several machines may share the folder for temporary files.

    Returns
    -------
    Path
        A folder in the folder for temporary files; it need not exist.
    """
    return Path(tempfile.gettempdir()) / f"noisebound-{os.getuid()}-{safe_in_path(socket.gethostname())}"


def _wait(devices: Sequence[str], places: int, folder: Path) -> int:
    waiting = False
    while (number := _choose(devices, places, folder)) is None:
        if not waiting:
            logger.info("waiting for one of %d GPUs, each of which takes %d jobs at a time", len(devices), places)
            waiting = True
        time.sleep(PAUSE)
    return number


def _choose(devices: Sequence[str], places: int, folder: Path) -> int | None:
    """Take a place on the device with the most free places, the first of equals; None where all are taken."""
    with _locked(folder / "round"):  # one job at a time looks and takes
        free: list[list[Path]] = []
        for device in devices:
            paths = [folder / f"{safe_in_path(device)}.{place}" for place in range(places)]
            free.append([path for path in paths if _is_free(path)])
        number = max(range(len(devices)), key=lambda n: len(free[n]))
        if not free[number]:
            return None
        _lock(free[number][0])  # never closed: this process keeps the place until it ends
        return number


def _lock(path: Path, how: int = fcntl.LOCK_EX) -> int:
    """Lock a file for as long as the returned handle is open; programs that this one starts do not inherit it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)  # a link is not followed
    try:
        fcntl.flock(handle, how)
    except BaseException:
        os.close(handle)
        raise
    return handle


@contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    handle = _lock(path, how)
    try:
        yield
    finally:
        os.close(handle)


def _is_free(path: Path) -> bool:
    try:
        with _locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
    except BlockingIOError:
        return False


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
