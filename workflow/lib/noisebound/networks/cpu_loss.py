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

    The derivative is written out, because the many small steps of the automatic one take as long as the network itself.
    """

    @staticmethod
    def forward(
        ctx: Any, rows: Tensor, layout: Layout, target: Tensor, levels: Sequence[float], mask: Tensor
    ) -> Tensor:
        """Compute the loss and, at once, its gradient.

        Parameters
        ----------
        ctx
            Carries the gradient to :meth:`backward`.
        rows
            float32 (B, 3 C, length), the outputs of the heads: median, below and above.
        layout
            Where pixels lie in the rows.
        target
            float32 (B, C, [Z], Y, X).
        levels
            Levels of lower, median and upper quantile.
        mask
            Boolean (B, C, [Z], Y, X), true where a pixel counts.

        Returns
        -------
        Tensor
            A scalar.
        """
        outputs = target.shape[1]
        heads = layout.pixels(rows)
        error, gaps = target - heads[:, :outputs], heads[:, outputs:]
        below, above = functional.softplus(gaps).split(outputs, dim=1)
        errors = torch.stack([error + below, error, error - above]).where(mask, 0)
        wanted = errors.new_tensor(levels).view(3, *[1] * target.dim())
        # The loss is the error times its slope. The outer quantiles give the median no gradient (see quantiles_from).
        slopes = (wanted - (errors < 0).to(errors.dtype)) * (mask.to(errors.dtype) / mask.sum().clamp(min=1))
        ctx.gradient = torch.zeros_like(rows)
        back = layout.pixels(ctx.gradient)
        back[:, :outputs] = -slopes[1]
        back[:, outputs:] = torch.sigmoid(gaps) * torch.cat([slopes[0], -slopes[2]], dim=1)
        return torch.dot(errors.flatten(), slopes.flatten())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradient of the rows.

        Parameters
        ----------
        ctx
            Holds the gradient for a loss of one.
        *gradients
            The gradient of the loss, a scalar.

        Returns
        -------
        tuple
            The gradient (B, 3 C, length), and None four times.
        """
        return (ctx.gradient * gradients[0], None, None, None, None)
