"""Who a process is, on whichever machine and in whichever container, and whether it has ended."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def identity() -> dict[str, Any]:
    """Who this process is, as JSON: host, boot, pid_namespace, pid, started, slurm_job, since (UTC) and a token.

    ``boot`` and ``pid_namespace`` say whose process numbers these are, ``started`` (clock ticks after the start of the
    machine) tells the process from a later one of the same number; each is None where the system does not say. The
    token is of this call only.
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
    """True where the process of an :func:`identity` has certainly ended; False where that cannot be known from here."""
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
    except PermissionError:  # another user's, whose start may be hidden
        return False
    return _started(pid) != process.get("started")


def describe(process: dict[str, Any]) -> str:
    """An :func:`identity` in words."""
    if not process:
        return "a job that has not said who it is"
    job = f"Slurm job {process['slurm_job']}, " if process.get("slurm_job") else ""
    return f"{job}process {process.get('pid')} on {process.get('host')}, since {process.get('since')}"


def _boot() -> str | None:
    """Identity of the running kernel: the same in all containers of a machine, another after every start."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def _pid_namespace() -> str | None:
    """Whose process numbers this process sees: those of the machine or of a container."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


def _started(pid: int) -> int | None:
    """When a process started, in clock ticks after the machine did; None where it does not run."""
    try:
        # The name in brackets may itself hold brackets and spaces.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else int(fields[19])
