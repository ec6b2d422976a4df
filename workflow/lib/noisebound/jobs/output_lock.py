"""One job at a time per output: a lock file beside it, which jobs on all machines of a shared file system respect.

Snakemake's own lock keeps a second Snakemake out of a folder. It does not protect an output from a job of an earlier
run: after Snakemake is killed, its jobs on a cluster go on, and the next run submits them a second time.

The lock file names the job that holds it. That job renews the file's modification time as a sign of life. Clocks of
different machines need not agree: a waiting job measures, on its own clock, how long the file has not changed. Where
both jobs run on one machine and in one container, the waiting one sees within seconds that the other has ended.

Why not ``filelock.SoftFileLease``: with its release 4.2.11, as measured, a job killed between creating its lock and
writing its name blocks the output for ever; a living holder on another machine of the same host name is taken for dead;
a job killed while it takes over leaves a file behind; and the lock cannot hold the number of the Slurm job.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from .processes import describe, has_ended, identity

logger = logging.getLogger("noisebound")
BEAT = 10.0  # seconds between two signs of life
SILENCE = 180.0  # seconds without one after which a holder counts as dead; file systems may show one a minute late
PAUSE = 2.0  # seconds between two checks by a job that waits
REMINDER = 600.0  # seconds after which a job that still waits says so again


def lock_path(output: str | Path) -> Path:
    """Name the lock file of an output.

    Parameters
    ----------
    output
        The output file.

    Returns
    -------
    Path
        ``.<name>.lock`` in the same folder.
    """
    output = Path(output)
    return output.with_name(f".{output.name}.lock")


def holder_of(output: str | Path) -> dict[str, Any] | None:
    """Say which job holds an output.

    Parameters
    ----------
    output
        The output file.

    Returns
    -------
    dict or None
        The job's :func:`noisebound.jobs.processes.identity`; empty where the lock does not say it (yet); None where no
        job holds the output.
    """
    content = _read(lock_path(output))
    return None if content is None else _parsed(content)


@contextmanager
def sole_job(output: str | Path, announce: Callable[[str], None] = logger.info) -> Iterator[dict[str, Any]]:
    """Run the body of a ``with`` statement only while no other job holds an output; wait until then.

    If another job takes the lock over, because this machine stood still for longer than ``SILENCE``, this process ends
    itself by the signal TERM, so that it does not write what another job now writes.

    Parameters
    ----------
    output
        The file that is written; the lock lies beside it.
    announce
        Is given messages: which job holds the output while this job waits, and from which job it took the lock over.

    Yields
    ------
    dict
        This job's :func:`noisebound.jobs.processes.identity`.
    """
    path = lock_path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    own = identity()
    content = json.dumps(own).encode()
    handle = _wait(path, content, Path(output), announce)
    _remove_claims(path, content)
    ended = threading.Event()
    heart = threading.Thread(target=_beat, args=(path, handle, content, ended), name="job lock", daemon=True)
    heart.start()
    try:
        yield own
    finally:
        ended.set()
        heart.join()
        if _read(path) == content:
            with suppress(FileNotFoundError):
                path.unlink()
        os.close(handle)


class _Watch:
    """For how long, by this process's clock, files have not changed."""

    def __init__(self) -> None:
        self.seen: dict[Path, tuple[object, float]] = {}

    def silent(self, path: Path) -> float:
        """Seconds for which ``path`` is known not to have changed; 0 at the first call and after a change."""
        now = time.monotonic()
        try:
            status = path.lstat()
            state: object = (status.st_ino, status.st_mtime_ns)
        except FileNotFoundError:
            state = None
        before, since = self.seen.get(path, (None, now))
        if state != before or path not in self.seen:
            self.seen[path] = (state, now)
            return 0.0
        return now - since


def _wait(path: Path, content: bytes, output: Path, announce: Callable[[str], None]) -> int:
    """Wait for the lock and take it; returns its open file."""
    watch = _Watch()
    said: tuple[bytes, float] | None = None
    while True:
        with suppress(FileExistsError):
            return _create(path, content)
        silent = watch.silent(path)
        held = _read(path)
        if held is None:
            continue
        holder = _parsed(held)
        if has_ended(holder) or silent > SILENCE:
            handle = _take_over(path, held, content, watch)
            if handle is not None:
                announce(f"{output} was left by a job that has ended ({describe(holder)}): taken over")
                return handle
        elif said is None or said[0] != held or time.monotonic() - said[1] > REMINDER:
            announce(
                f"{output} is being written by another job ({describe(holder)}): waiting until it ends. Cancel that "
                f"job if it is not wanted; should it no longer exist, that is noticed after {SILENCE:.0f} s"
            )
            said = held, time.monotonic()
        time.sleep(PAUSE)


def _take_over(path: Path, stale: bytes, content: bytes, watch: _Watch) -> int | None:
    """Replace the lock of a dead job by this job's; returns its open file, or None where another job was faster.

    Only the job that creates the claim file for precisely this dead lock may replace it, and it then checks once more
    that the dead lock is still there. The claim already holds this job's content, so that one rename makes it the lock.
    A claim whose own job has died is passed over: the next claim gets a higher number.
    """
    digest = _claimed(stale)
    for number in count():
        claim = path.with_name(f"{path.name}.{digest}.{number}")
        try:
            handle = _create(claim, content)
        except FileExistsError:
            other = _read(claim)
            dead = other is not None and has_ended(_parsed(other))
            if dead or watch.silent(claim) > SILENCE:  # the claiming job died within this function
                continue
            return None
        if _read(path) == stale:
            try:
                os.rename(claim, path)
            except FileNotFoundError:  # this job stood still, and another has removed its claim
                os.close(handle)
                return None
            for left in range(number):
                path.with_name(f"{path.name}.{digest}.{left}").unlink(missing_ok=True)
            return handle
        os.close(handle)
        claim.unlink(missing_ok=True)
        return None
    raise AssertionError("unreachable")


def _claimed(lock: bytes) -> str:
    """The part that names of claims have after the name of the lock: a digest of the dead lock's content."""
    return hashlib.sha256(lock).hexdigest()[:16]


def _remove_claims(path: Path, own: bytes) -> None:
    """Remove claims on earlier locks, which jobs left when they died.

    A living job that has such a claim finds this lock in place of the dead one, and gives its claim up.
    """
    pattern = re.compile(rf"{re.escape(path.name)}\.(?!{_claimed(own)})[0-9a-f]{{16}}\.\d+")
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                with suppress(OSError):
                    os.unlink(entry.path)


def _beat(path: Path, handle: int, content: bytes, ended: threading.Event) -> None:
    """Give signs of life until the job has ended; end the process where another job has taken the lock over."""
    while not ended.wait(BEAT):
        found = content
        try:
            os.utime(handle)
            found = _read(path) or content  # no file: removed by hand, and nobody else holds the lock
        except OSError as error:
            with suppress(OSError):
                found = _read(path) or content
            logger.warning("no sign of life could be given through %s (%s)", path, error.strerror)
        if found != content and not ended.is_set():
            logger.error(
                "this job stood still for so long that another took its place (%s): it stops", describe(_parsed(found))
            )
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _create(path: Path, content: bytes) -> int:
    """Create a file that must not exist yet, atomically on every file system, and return it open."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        os.write(handle, content)
        os.fsync(handle)
    except BaseException:
        os.close(handle)
        path.unlink(missing_ok=True)
        raise
    return handle


def _read(path: Path) -> bytes | None:
    """Content of a file, None where there is none. Opening a file makes a network file system ask its server again."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with open(handle, "rb") as stream:
        return stream.read()


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:  # not written to its end
        return {}
    return found if isinstance(found, dict) else {}
