"""What can go wrong in a step, made to happen in the tests' copies of the project.

Each fault is a file ``faults/<job>-<kind>.json``; those that happen once remove their file first. A job is called as
its wildcard, where it trains a member, else as its rule and its wildcard, such as ``ingest_scan-late``.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def strike(step: Any) -> None:
    """Write down that this job runs, and let its fault happen. ``step`` is Snakemake's object."""
    job = "-".join([*([] if step.rule == "train_member" else [step.rule]), *map(str, step.wildcards)])
    record = {
        "job": os.environ.get("SLURM_JOB_ID"),
        "node": os.environ.get("SLURMD_NODENAME"),
        "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "memory": step.resources.mem_mb,
        "minutes": step.resources.runtime,
    }
    note(job, "begin", record)
    atexit.register(note, job, "end", record)
    if once(job, "crash"):
        os._exit(7)
    if once(job, "grow"):
        grow(step.resources.mem_mb)
    if once(job, "grow-while-writing"):
        while_writing(step.output[-1], lambda: grow(2 * step.resources.mem_mb))
    if once(job, "killed-while-writing"):  # what the kernel does to a process of a job that is over its memory
        while_writing(step.output[-1], lambda: os.kill(os.getpid(), signal.SIGKILL))
    if once(job, "hang"):
        time.sleep(600)
    hold(Path("faults", f"{job}-hold.json"))


def grow(megabytes: int) -> None:
    """Take so much memory, and keep it until the batch system ends the job."""
    much = bytearray(megabytes * 2**20)
    much[::4096] = bytes(len(much[::4096]))  # memory counts once it is touched
    time.sleep(60)


def while_writing(output: str, strikes: Callable[[], None]) -> None:
    """Let something happen while the output has only its temporary name; what was written before has its own."""
    replace = os.replace

    def struck(source: Any, target: Any) -> None:
        if os.path.abspath(target) == os.path.abspath(output):
            strikes()
        replace(source, target)

    os.replace = struck  # type: ignore[assignment]


def note(job: str, what: str, record: dict[str, Any]) -> None:
    """Append one line to the list of times that a job ran."""
    Path("faults").mkdir(exist_ok=True)
    with open(Path("faults", f"{job}.jobs"), "a", encoding="utf-8") as stream:
        stream.write(json.dumps({"what": what, "time": time.time(), **record}) + "\n")


def once(job: str, kind: str) -> bool:
    """Whether this fault was asked for and has not happened yet."""
    try:
        Path("faults", f"{job}-{kind}.json").unlink()
    except FileNotFoundError:
        return False
    return True


def hold(file: Path) -> None:
    """Let the training stand still as soon as it has reached the step named in ``file``, until that is removed."""
    from noisebound.training.trainer import Trainer

    advance = Trainer.advance

    def held(self: Trainer) -> None:
        while file.exists() and self.step >= int(json.loads(file.read_text())):
            time.sleep(0.1)
        advance(self)

    Trainer.advance = held  # type: ignore[method-assign]
