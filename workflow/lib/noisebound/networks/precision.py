"""In which precision the networks compute."""

from __future__ import annotations

import torch

from ..core.errors import InputError


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
