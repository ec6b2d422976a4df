"""What a job of the workflow computes on: a GPU that is free, or the processor where the machine has none."""

from __future__ import annotations

import os

import torch

from ..core.hardware import Hardware
from .gpu_places import take_device


def take_hardware(threads: int = 1, jobs_per_gpu: int = 1) -> Hardware:
    """Take a GPU that is free, or the processor where the machine has no GPU; wait while all GPUs are taken.

    A GPU is free again when this process ends. GPUs that ``CUDA_VISIBLE_DEVICES`` hides, as a batch system does, are
    left alone.

    Parameters
    ----------
    threads
        Threads that the job may use on the processor.
    jobs_per_gpu
        How many jobs of this user share a GPU.

    Returns
    -------
    Hardware
        What the job computes on.
    """
    if not torch.cuda.is_available():
        return Hardware(threads=threads, jobs_per_gpu=jobs_per_gpu)
    device = torch.device("cuda", take_device(gpu_names(), jobs_per_gpu))
    return Hardware(device, threads, jobs_per_gpu)


def gpu_names() -> list[str]:
    """A name of each visible GPU that is the same in every process, whatever is visible to it."""
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    count = torch.cuda.device_count()
    if visible[0].startswith("MIG-"):  # slices of a GPU, which may all give the GPU's own name
        return visible[:count]
    return [str(torch.cuda.get_device_properties(number).uuid) for number in range(count)]
