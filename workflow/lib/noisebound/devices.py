"""Where the networks run, and in which precision."""

from __future__ import annotations

import torch

from .errors import InputError


def pick_device() -> torch.device:
    """The GPU where there is one, the CPU otherwise."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed_precision(precision: str, device: torch.device) -> torch.autocast:
    """The context in which the convolutions of a training step run.

    ``precision`` is ``float32``, ``bfloat16`` (products of bfloat16 numbers, summed in float32; the weights stay
    float32: Micikevicius et al., arXiv:1710.03740), or ``auto``: bfloat16 on GPUs that have it, float32 on processors,
    whose compiled loops are as fast.

    Raises ``InputError`` for another name.
    """
    if precision not in ("auto", "float32", "bfloat16"):
        raise InputError(
            "no such precision",
            key="training.precision",
            value=precision,
            remedy="give auto, float32 or bfloat16",
        )
    fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    mixed = precision == "bfloat16" or (precision == "auto" and fast)
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed)
