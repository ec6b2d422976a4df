"""What a job computes on: a GPU or the processor, with so many threads and so much memory."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil
import torch

# What a job that predicts asks for at its first attempt (``mem_mb`` of its rule), in bytes.
JOB_MEMORY = 4000 * 10**6
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Hardware:
    """What a job computes on.

    Parameters
    ----------
    device
        A GPU, or the processor.
    threads
        Threads that the job may use on the processor.
    jobs_per_gpu
        How many jobs share a GPU.
    """

    device: torch.device = CPU
    threads: int = 1
    jobs_per_gpu: int = 1

    @classmethod
    def here(cls) -> Hardware:
        """The first GPU, or the processor where this machine has none; for use outside of the workflow."""
        return cls(torch.device("cuda", 0) if torch.cuda.is_available() else CPU, torch.get_num_threads())

    def prepare(self) -> None:
        """Make torch use these threads and this device, in plain float32: some GPUs would round to ten bits."""
        torch.set_num_threads(max(1, self.threads))
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    @property
    def memory(self) -> int:
        """Bytes that the job may take; see :func:`usable_memory`."""
        return usable_memory(self.device, self.threads, self.jobs_per_gpu)


def usable_memory(device: torch.device, threads: int, jobs_per_gpu: int = 1) -> int:
    """Bytes that a job may take.

    Nothing here depends on what is free at the moment or on the attempt: tiles are sized by it, and where their size
    can change the result, the same run must cut the same tiles again.

    Parameters
    ----------
    device
        A GPU, or the processor.
    threads
        Threads of the job on the processor.
    jobs_per_gpu
        How many jobs share a GPU.

    Returns
    -------
    int
        On a GPU the job's share of its memory. On the processor the share of the job's cores in the memory of the
        machine, because jobs on the other cores begin at the same time; no more than ``JOB_MEMORY``.
    """
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory) // jobs_per_gpu
    share = min(1.0, threads / (os.cpu_count() or 1))
    return min(int(psutil.virtual_memory().total * share), JOB_MEMORY)
