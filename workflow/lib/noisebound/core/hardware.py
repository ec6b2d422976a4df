"""What a job computes on: a GPU or the processor, with a number of threads and an amount of memory."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil
import torch

# Memory that a predicting job requests at its first attempt (``mem_mb`` of its rule), in bytes.
JOB_MEMORY = 4000 * 10**6
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Hardware:
    """What a job computes on.

    Parameters
    ----------
    device
        A GPU or the processor.
    threads
        Number of threads that the job may use on the processor.
    jobs_per_gpu
        Number of jobs that share a GPU.
    """

    device: torch.device = CPU
    threads: int = 1
    jobs_per_gpu: int = 1

    @classmethod
    def here(cls) -> Hardware:
        """Choose the first GPU, or the processor if this machine has no GPU; for use outside of the workflow.

        Returns
        -------
        Hardware
            The device, with as many threads as torch uses now.
        """
        return cls(torch.device("cuda", 0) if torch.cuda.is_available() else CPU, torch.get_num_threads())

    def prepare(self) -> None:
        """Apply the threads and the device to torch, and switch off TF32.

        With TF32, some GPUs round the factors of float32 products to 10 bits.
        """
        torch.set_num_threads(max(1, self.threads))
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False

    @property
    def memory(self) -> int:
        """Memory that the job may use, in bytes; see :func:`usable_memory`."""
        return usable_memory(self.device, self.threads, self.jobs_per_gpu)


def usable_memory(device: torch.device, threads: int, jobs_per_gpu: int = 1) -> int:
    """Compute how much memory a job may use.

    The result depends neither on the memory that is free now nor on the attempt. Tiles are sized by it, and the size of
    the tiles can change the result, so the same run must get the same number every time.

    Parameters
    ----------
    device
        A GPU or the processor.
    threads
        Number of threads of the job on the processor.
    jobs_per_gpu
        Number of jobs that share a GPU.

    Returns
    -------
    int
        Bytes. On a GPU: its memory divided by ``jobs_per_gpu``. On the processor: the memory of the machine times the
        job's share of the cores, because other jobs run on the other cores; at most ``JOB_MEMORY``.
    """
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory) // jobs_per_gpu
    share = min(1.0, threads / (os.cpu_count() or 1))
    return min(int(psutil.virtual_memory().total * share), JOB_MEMORY)
