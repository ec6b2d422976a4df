"""What a job of the workflow computes on: a free GPU, or the processor if the machine has no GPU."""

from __future__ import annotations

import os

import torch

from ..core.hardware import Hardware
from .gpu_places import take_device


def take_hardware(threads: int = 1, jobs_per_gpu: int = 1) -> Hardware:
    """Take a free GPU, or the processor if the machine has no GPU; wait while all GPUs are taken.

    A GPU is free again when this process ends. GPUs that ``CUDA_VISIBLE_DEVICES`` hides, as a batch system does, are
    not used.

    Parameters
    ----------
    threads
        Number of threads that the job may use on the processor.
    jobs_per_gpu
        Number of jobs of this user that share a GPU.

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
    """List a name of each visible GPU that is the same in all processes, whichever GPUs they see.

    Returns
    -------
    list of str
        UUIDs, in the order of torch's devices. For slices of a GPU (MIG), the names in ``CUDA_VISIBLE_DEVICES``.
    """
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    count = torch.cuda.device_count()
    if visible[0].startswith("MIG-"):  # slices of a GPU, which may all give the GPU's own name
        return visible[:count]
    return [str(torch.cuda.get_device_properties(number).uuid) for number in range(count)]
