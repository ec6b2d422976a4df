"""The precision in which the networks compute."""

from __future__ import annotations

import torch

from ..core.errors import InputError


def resolve_precision(precision: str, device: torch.device) -> str:
    """Find the precision that ``auto`` stands for.

    Parameters
    ----------
    precision
        ``auto``, ``float32`` or ``bfloat16``. ``auto`` is bfloat16 on GPUs that have it, and float32 elsewhere, because
        the compiled loops of processors are as fast in float32.
    device
        Where the networks compute.

    Returns
    -------
    str
        ``float32`` or ``bfloat16``.

    Raises
    ------
    InputError
        For any other name.
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
    """Make the context in which the convolutions of a training step run.

    In bfloat16, products are of bfloat16 numbers and summed in float32; the weights stay float32.

    Parameters
    ----------
    precision
        ``auto``, ``float32`` or ``bfloat16``.
    device
        Where the networks compute.

    Returns
    -------
    torch.autocast
        A context manager, which changes nothing in float32.

    Raises
    ------
    InputError
        For any other name.

    References
    ----------
    Micikevicius et al., arXiv:1710.03740.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=resolve_precision(precision, device) == "bfloat16")
