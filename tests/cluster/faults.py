"""What can go wrong in a training, made to happen in the tests' copies of the project.

Each fault is a file ``faults/<member>-<kind>.json``; those that happen once remove their file first.
"""

from __future__ import annotations

import atexit
import json
import os
import time
from pathlib import Path
from typing import Any


def strike(step: Any) -> None:
    """Write down that this job trains its member, and let its fault happen. ``step`` is Snakemake's object."""
    member = step.wildcards.member
    record = {
        "job": os.environ.get("SLURM_JOB_ID"),
        "node": os.environ.get("SLURMD_NODENAME"),
        "gpu": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "memory": step.resources.mem_mb,
        "minutes": step.resources.runtime,
    }
    note(member, "begin", record)
    atexit.register(note, member, "end", record)
    if once(member, "crash"):
        os._exit(7)
    if once(member, "grow"):
        much = bytearray(step.resources.mem_mb * 2**20)
        much[::4096] = bytes(len(much[::4096]))  # memory counts once it is touched
        time.sleep(60)
    if once(member, "hang"):
        time.sleep(600)
    hold(Path("faults", f"{member}-hold.json"))


def note(member: str, what: str, record: dict[str, Any]) -> None:
    """Append one line to the member's list of jobs."""
    Path("faults").mkdir(exist_ok=True)
    with open(Path("faults", f"{member}.jobs"), "a", encoding="utf-8") as stream:
        stream.write(json.dumps({"what": what, "time": time.time(), **record}) + "\n")


def once(member: str, kind: str) -> bool:
    """Whether this fault was asked for and has not happened yet."""
    try:
        Path("faults", f"{member}-{kind}.json").unlink()
    except FileNotFoundError:
        return False
    return True


def hold(file: Path) -> None:
    """Let the training stand still as soon as it has reached the step named in ``file``, until that is removed."""
    from noisebound.training import Trainer

    advance = Trainer.advance

    def held(self: Trainer) -> None:
        while file.exists() and self.step >= int(json.loads(file.read_text())):
            time.sleep(0.1)
        advance(self)

    Trainer.advance = held  # type: ignore[method-assign]
