"""What training minimises: the pinball loss of all three quantiles at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def pinball_loss(prediction: Tensor, target: Tensor, level: float | Tensor, mask: Tensor) -> Tensor:
    """Mean pinball loss at a quantile ``level`` over the pixels in ``mask`` and all channels.

    ``prediction`` and ``target`` (B, C, *spatial), ``mask`` boolean (B, 1, *spatial); returns a scalar. Its minimiser
    is the conditional quantile (Koenker and Bassett, Econometrica 46 (1978) 33). Of predictions at several levels
    (Q, B, C, *spatial), with ``level`` (Q, 1, 1, ...), it is the sum over them.
    """
    loss: Tensor = _Pinball.apply(prediction, target, level, mask)
    return loss


class _Pinball(torch.autograd.Function):
    """The loss is its slope times the error, so that the slope, which is the gradient, need not be found again."""

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
    """Sum of the pinball losses of lower, median and upper at their ``levels``; see :func:`pinball_loss`."""
    together = torch.stack(list(quantiles))
    return pinball_loss(together, target, together.new_tensor(levels).view(-1, *[1] * target.dim()), mask)
