"""What a job used and where it ran: Slurm, processor, memory, GPU, container image."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

SLURM_VARIABLES = {
    "job": "SLURM_JOB_ID",
    "array_job": "SLURM_ARRAY_JOB_ID",
    "array_task": "SLURM_ARRAY_TASK_ID",
    "partition": "SLURM_JOB_PARTITION",
    "restarts": "SLURM_RESTART_COUNT",
    "gpus": "SLURM_JOB_GPUS",
}


PATIENCE = 5.0  # seconds that the batch system has to say when a job was submitted


def slurm_job() -> dict[str, Any] | None:
    """Describe this job by what Slurm says about it.

    Returns
    -------
    dict or None
        ``job``, ``array_job``, ``array_task``, ``partition``, ``restarts``, ``gpus`` and ``node`` as text, None if not
        set; and ``queue_s``, the seconds from submission to start, None if ``scontrol`` does not tell. None outside of
        Slurm.
    """
    if not os.environ.get("SLURM_JOB_ID"):
        return None
    found: dict[str, Any] = {word: os.environ.get(variable) for word, variable in SLURM_VARIABLES.items()}
    return {**found, "node": os.environ.get("SLURMD_NODENAME"), "queue_s": _queue_time(os.environ["SLURM_JOB_ID"])}


def _queue_time(job: str) -> float | None:
    """Seconds from the submission of a job to its start, None where ``scontrol`` is not there or does not say."""
    program = shutil.which("scontrol")
    if program is None:
        return None
    command = [program, "--oneliner", "show", "job", job]
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
        submitted, started = (
            datetime.fromisoformat(re.search(rf"\b{word}=(\S+)", text)[1])  # type: ignore[index]
            for word in ("SubmitTime", "StartTime")
        )
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None
    return max(0.0, (started - submitted).total_seconds())


def processor_and_memory() -> dict[str, Any]:
    """Measure the CPU time and the memory of this process and of the programs that it ran.

    Returns
    -------
    dict
        ``cpu_s``: CPU time in seconds, of all together. ``peak_memory_bytes``: the largest resident memory of any of
        them, in bytes.
    """
    own, programs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in (own, programs))
    return {"cpu_s": round(seconds, 2), "peak_memory_bytes": max(_peak_memory(), 1024 * programs.ru_maxrss)}


def _peak_memory() -> int:
    """Return the largest resident memory of this process in bytes; ``getrusage`` may give that of its parent."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def device_used() -> dict[str, Any]:
    """Describe the GPU that this job used, or the processor if it used none.

    Returns
    -------
    dict
        ``kind`` ("gpu" or "cpu"), ``name``, ``visible`` (``CUDA_VISIBLE_DEVICES``, else the index of the GPU) and
        ``peak_memory_bytes`` (of the GPU; None for a processor).
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    torch = sys.modules.get("torch")  # never imported for this
    if torch is not None and torch.cuda.is_initialized():
        name, peak = torch.cuda.get_device_name(), int(torch.cuda.max_memory_reserved())
        visible = visible or str(torch.cuda.current_device())
        return {"kind": "gpu", "name": name, "visible": visible, "peak_memory_bytes": peak}
    return {"kind": "cpu", "name": _processor(), "visible": visible, "peak_memory_bytes": None}


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.machine()


def container_image() -> str | None:
    """Return the file name of the container image that this job runs in.

    Returns
    -------
    str or None
        The name without its folder; None outside of a container.
    """
    path = os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER")
    return Path(path).name if path else None
