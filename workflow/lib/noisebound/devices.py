"""Where the networks run, and in which precision."""

from __future__ import annotations

import os

import psutil
import torch

from .errors import InputError
from .leases import take_device

# What a job that predicts asks for at its first attempt (``mem_mb`` of its rule), in bytes.
JOB_MEMORY = 4000 * 10**6


def pick_device(members_per_gpu: int = 1) -> torch.device:
    """A GPU that fewer than ``members_per_gpu`` other jobs of this user use, the CPU where the machine has none.

    Waits while all GPUs are taken. The GPU becomes the current one of torch, and is free again when this process ends.
    GPUs that ``CUDA_VISIBLE_DEVICES`` hides, as a batch system does, are left alone.
    """
    if not torch.cuda.is_available():
        return torch.device("cpu")
    device = torch.device("cuda", take_device(_gpu_names(), members_per_gpu))
    torch.cuda.set_device(device)
    # float32 means float32: recent GPUs would round the factors of every product to ten bits.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return device


def _gpu_names() -> list[str]:
    """A name of each visible GPU that is the same in every process, whatever is visible to it."""
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    count = torch.cuda.device_count()
    if visible[0].startswith("MIG-"):  # slices of a GPU, which may all give the GPU's own name
        return visible[:count]
    return [str(torch.cuda.get_device_properties(number).uuid) for number in range(count)]


def usable_memory(device: torch.device, threads: int, members_per_gpu: int = 1) -> int:
    """Bytes that a job may take: its share of a GPU that ``members_per_gpu`` jobs use or, without one, of the machine.

    There, every core has an equal share, because jobs on the others begin at the same time; a job on so many
    ``threads`` gets theirs, and no more than ``JOB_MEMORY``. Nothing here depends on what is free at the moment or on
    the attempt: tiles are sized by it, and where their size can change the result, the same run must cut the same tiles
    again.
    """
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory) // members_per_gpu
    share = min(1.0, threads / (os.cpu_count() or 1))
    return min(int(psutil.virtual_memory().total * share), JOB_MEMORY)


def resolve_precision(precision: str, device: torch.device) -> str:
    """``float32`` or ``bfloat16``; ``auto`` is bfloat16 on GPUs that have it, and float32 on processors, whose compiled
    loops are as fast.

    Raises ``InputError`` for another name.
    """
    if precision not in ("auto", "float32", "bfloat16"):
        raise InputError(
            "no such precision",
            key="training.precision",
            value=precision,
            remedy="give auto, float32 or bfloat16",
        )
    if precision != "auto":
        return precision
    fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if fast else "float32"


def mixed_precision(precision: str, device: torch.device) -> torch.autocast:
    """The context in which the convolutions of a training step run.

    In bfloat16, products are of bfloat16 numbers and summed in float32, and the weights stay float32 (Micikevicius et
    al., arXiv:1710.03740). ``precision`` as in :func:`resolve_precision`.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=resolve_precision(precision, device) == "bfloat16")
