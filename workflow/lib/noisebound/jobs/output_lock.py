"""One job at a time per output: a lock file beside it, which jobs on all machines of a shared file system respect.

Snakemake's own lock guards a folder against a second Snakemake, not an output against a job that outlived its own:
after a kill the jobs on a cluster go on, and the next run submits them a second time.

The file names its holder, whose sign of life is the file's time of change. Nothing needs clocks that agree: who waits
measures, on its own clock, how long it has seen no change. Where holder and waiter see the same processes, a holder
that has ended is known at once.

Why not ``filelock.SoftFileLease``, measured with its release 4.2.11: a job killed between creating its lock and writing
its name blocks the output for ever; a living holder on another machine of the same host name is taken for dead; a job
killed while it takes over leaves a file behind; and the lock has no room for the number of the Slurm job.
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
SILENCE = 180.0  # seconds without one after which a holder counts as dead; file systems may show them a minute late
PAUSE = 2.0  # seconds between two looks of a job that waits
REMINDER = 600.0  # seconds after which a job that still waits says so again


def lock_path(output: str | Path) -> Path:
    """The lock file of an output."""
    output = Path(output)
    return output.with_name(f".{output.name}.lock")


def holder_of(output: str | Path) -> dict[str, Any] | None:
    """The :func:`identity` of the job that holds an output, empty where it has not said; None where none does."""
    content = _read(lock_path(output))
    return None if content is None else _parsed(content)


@contextmanager
def sole_job(output: str | Path, announce: Callable[[str], None] = logger.info) -> Iterator[dict[str, Any]]:
    """Let the body run only while no other job holds ``output``; wait until then.

    A job whose lock was taken over, because its machine stood still for longer than ``SILENCE``, gets the signal TERM:
    it must not write what another now writes.

    Parameters
    ----------
    output
        The file that is written; the lock lies beside it.
    announce
        Is told who holds the output while this job waits.

    Yields
    ------
    dict
        This job's :func:`identity`.
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
    """How long, by this process's clock, files have shown no change."""

    def __init__(self) -> None:
        self.seen: dict[Path, tuple[object, float]] = {}

    def silent(self, path: Path) -> float:
        """Seconds for which ``path`` has not changed since it was first asked about."""
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
    """Take the lock, sooner or later; its open file."""
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
    """Put this job's lock into the place of a dead one's; None where another job was faster.

    Only the job that creates the claim on precisely this dead lock may replace it, and it looks once more after it has
    the claim. The claim holds this job's content already, so that one rename makes it the lock.
    """
    digest = _claimed(stale)
    for number in count():
        claim = path.with_name(f"{path.name}.{digest}.{number}")
        try:
            handle = _create(claim, content)
        except FileExistsError:
            other = _read(claim)
            dead = other is not None and has_ended(_parsed(other))
            if dead or watch.silent(claim) > SILENCE:  # it died between two lines of this function
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
    """What the names of claims on a lock hold after its own name."""
    return hashlib.sha256(lock).hexdigest()[:16]


def _remove_claims(path: Path, own: bytes) -> None:
    """Remove claims on earlier locks, which jobs left that died: a living one finds this lock and gives up."""
    pattern = re.compile(rf"{re.escape(path.name)}\.(?!{_claimed(own)})[0-9a-f]{{16}}\.\d+")
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            if pattern.fullmatch(entry.name):
                with suppress(OSError):
                    os.unlink(entry.path)


def _beat(path: Path, handle: int, content: bytes, ended: threading.Event) -> None:
    """Show signs of life until the job has ended; end the job where its lock has gone to another."""
    while not ended.wait(BEAT):
        found = content
        try:
            os.utime(handle)
            found = _read(path) or content  # removed by hand: nobody else has it
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
    """Create a file that must not exist yet, which every file system does atomically; its open file."""
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
    """Content of a file, None where there is none. Opening it asks the server of a network file system again."""
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
