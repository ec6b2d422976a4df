"""The loss of training: the sum of the pinball losses of all three quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def pinball_loss(prediction: Tensor, target: Tensor, level: float | Tensor, mask: Tensor) -> Tensor:
    """Mean pinball loss over the pixels in ``mask`` and all channels; its minimiser is the conditional quantile.

    Parameters
    ----------
    prediction
        (B, C, *spatial), or (Q, B, C, *spatial) for several levels.
    target
        (B, C, *spatial).
    level
        Level of the quantile, or (Q, 1, 1, ...) for several.
    mask
        Boolean (B, 1, *spatial), true where a pixel counts.

    Returns
    -------
    Tensor
        A scalar; for several levels the sum over them. Zero where no pixel counts.

    References
    ----------
    Koenker and Bassett, Econometrica 46 (1978) 33.
    """
    loss: Tensor = _Pinball.apply(prediction, target, level, mask)
    return loss


class _Pinball(torch.autograd.Function):
    """The loss is the error times its slope; the slope is also the gradient, and so is computed once."""

    @staticmethod
    def forward(ctx: Any, prediction: Tensor, target: Tensor, level: float | Tensor, mask: Tensor) -> Tensor:
        error = (target - prediction).where(mask, 0)
        count = (mask.sum() * target.shape[1]).clamp(min=1)
        slope = (level - (error < 0).to(error.dtype)) * (mask.to(error.dtype) / count)
        ctx.save_for_backward(slope)
        return (error * slope).sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        (slope,) = ctx.saved_tensors
        return (-gradient * slope, None, None, None)


def quantile_loss(quantiles: Sequence[Tensor], target: Tensor, levels: Sequence[float], mask: Tensor) -> Tensor:
    """Sum of the pinball losses of lower, median and upper quantile; see :func:`pinball_loss`.

    Parameters
    ----------
    quantiles
        Lower, median and upper quantile, (B, C, *spatial) each.
    target
        (B, C, *spatial).
    levels
        Their levels.
    mask
        Boolean (B, 1, *spatial), true where a pixel counts.

    Returns
    -------
    Tensor
        A scalar.
    """
    together = torch.stack(list(quantiles))
    return pinball_loss(together, target, together.new_tensor(levels).view(-1, *[1] * target.dim()), mask)
