"""The training loss, computed from the rows of the compiled loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .cpu_layout import Layout


class QuantileLoss(torch.autograd.Function):
    """Loss of the three heads' rows, equal to ``losses.quantile_loss`` of their ``quantiles_from``.

    Derived by hand, because the many small steps of the automatic derivative take as long as the network itself.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, layout: Layout, target: Tensor, levels: Sequence[float], mask: Tensor
    ) -> Tensor:
        """The loss, a scalar.

        Parameters
        ----------
        ctx
            Carries the gradient to :meth:`backward`.
        rows
            float32 (B, 3 C, length), the outputs of the heads: median, below and above.
        layout
            Where pixels lie in the rows.
        target, mask
            float32 and boolean, (B, C, [Z], Y, X): the target, and the pixels that count.
        levels
            Levels of lower, median and upper quantile.
        """
        outputs = target.shape[1]
        heads = layout.pixels(rows)
        error, gaps = target - heads[:, :outputs], heads[:, outputs:]
        below, above = functional.softplus(gaps).split(outputs, dim=1)
        errors = torch.stack([error + below, error, error - above]).where(mask, 0)
        wanted = errors.new_tensor(levels).view(3, *[1] * target.dim())
        # The loss is its slope times the error; that of the outer quantiles does not reach the median.
        slopes = (wanted - (errors < 0).to(errors.dtype)) * (mask.to(errors.dtype) / mask.sum().clamp(min=1))
        ctx.gradient = torch.zeros_like(rows)
        back = layout.pixels(ctx.gradient)
        back[:, :outputs] = -slopes[1]
        back[:, outputs:] = torch.sigmoid(gaps) * torch.cat([slopes[0], -slopes[2]], dim=1)
        return torch.dot(errors.flatten(), slopes.flatten())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient of the rows."""
        return (ctx.gradient * gradients[0], None, None, None, None)
