"""Which process a job is, on whichever machine and in whichever container, and whether it has ended."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def identity() -> dict[str, Any]:
    """Describe this process such that it can be recognised from elsewhere.

    Returns
    -------
    dict
        Plain for JSON. ``host``, ``pid``, ``slurm_job`` (None outside Slurm) and ``since`` (UTC, when this was called).
        ``boot`` and ``pid_namespace``: the running kernel and the container to which the number ``pid`` belongs.
        ``started``: clock ticks from the start of the machine to that of the process, which tells it from a later
        process of the same number. These three are None where the system does not say. ``token``: unique to this call.
    """
    return {
        "host": socket.gethostname(),
        "boot": _boot(),
        "pid_namespace": _pid_namespace(),
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "slurm_job": os.environ.get("SLURM_JOB_ID"),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "token": uuid.uuid4().hex,
    }


def has_ended(process: dict[str, Any]) -> bool:
    """Whether a process has certainly ended.

    Parameters
    ----------
    process
        Its :func:`identity`; may be empty.

    Returns
    -------
    bool
        True where it certainly has, also where its number now belongs to another process. False where it runs, and
        where that cannot be known from here, as of another machine or container.
    """
    here = _boot(), _pid_namespace()
    if None in here or (process.get("boot"), process.get("pid_namespace")) != here:
        return False
    pid = process.get("pid")
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it belongs to another user, and its start may be hidden
        return False
    return _started(pid) != process.get("started")


def describe(process: dict[str, Any]) -> str:
    """Put an :func:`identity` into words, for messages.

    Parameters
    ----------
    process
        The identity; may be empty.

    Returns
    -------
    str
        Such as "Slurm job 12, process 345 on node7, since 2026-01-31T12:00:00+00:00".
    """
    if not process:
        return "a job that has not said who it is"
    job = f"Slurm job {process['slurm_job']}, " if process.get("slurm_job") else ""
    return f"{job}process {process.get('pid')} on {process.get('host')}, since {process.get('since')}"


def _boot() -> str | None:
    """Identity of the running kernel: the same in all containers of a machine, another after each of its starts."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _pid_namespace() -> str | None:
    """The namespace of process numbers that this process sees: that of the machine or of a container."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _started(pid: int) -> int | None:
    """When a process started, in clock ticks after the machine did; None where it does not run or cannot be seen."""
    try:
        # The name in brackets may itself hold brackets and spaces.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])
