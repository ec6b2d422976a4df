"""Invented records of jobs, as they are read back, on a laptop or on a cluster."""

from __future__ import annotations

from typing import Any


def record(rule: str = "train_member", number: int = 0, **changes: Any) -> dict[str, Any]:
    """A finished job of one member on a cluster's GPU; ``number`` tells jobs apart and orders them."""
    begin = f"2026-01-02T10:{number // 60:02d}:{number % 60:02d}.000+00:00"
    return {
        "rule": rule,
        "wildcards": {"member": str(number)},
        "state": "finished",
        "error": None,
        "attempt": 1,
        "start": begin,
        "end": begin.replace("T10", "T11"),
        "waited_s": 0.0,
        "process": {"host": "front", "pid": 100 + number, "token": f"{number:032x}"},
        "slurm": {"job": str(1000 + number), "node": f"node{number % 2 + 1}", "gpus": "3", "queue_s": 60.0 * number},
        "device": {"kind": "gpu", "name": "Example GPU", "visible": "0", "peak_memory_bytes": 3 * 10**9},
        "image": None,
        "versions": {"python": "3.11.0", "noisebound": "0.1.0", "torch": "2.0"},
        "seed": 7,
        "inputs": [],
        "outputs": [],
        "wall_s": 100.0 + number,
        "cpu_s": 50.0,
        "peak_memory_bytes": 10**9 + number * 10**8,
        **changes,
    }
