"""How a call is timed and how much memory it takes, on either side."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

STATUS = Path("/proc/self/status")


def seconds(call: Callable[[], Any], device: torch.device, repeats: int = 1) -> float:
    """Time per call: of the processor on a processor, of the clock on a GPU."""
    if device.type == "cpu":
        start = time.process_time()
        for _ in range(repeats):
            call()
        return (time.process_time() - start) / repeats
    torch.cuda.synchronize(device)
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / repeats


def peak_megabytes(call: Callable[[], Any], device: torch.device) -> float:
    """Memory (MB) that a call takes at its peak, on top of what the process held before it."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        call()
        return (torch.cuda.max_memory_allocated(device) - before) / 1e6
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak back to what is held now
    before = _status("VmRSS")
    call()
    return (_status("VmHWM") - before) * 1024 / 1e6


def _status(name: str) -> int:
    """A value of the process in KiB."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(name))
