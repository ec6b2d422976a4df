"""The optimiser: orthogonalised momentum for the convolutions, AdamW for everything else.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; Liu et al., arXiv:2502.16982) takes, for every
weight matrix, the orthogonal matrix nearest to the momentum as the step, so that all directions are learned at the
same pace. A 3x3 (3x3x3) kernel is the matrix (out channels, in channels x taps).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.99)
ADAM_EPS = 1e-8
# Quintic Newton-Schulz iteration: these coefficients bring singular values near 1 fast, not exactly to 1.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


def orthogonalise(matrix: Tensor) -> Tensor:
    """A matrix of the same shape (n, m) with the same singular vectors and singular values near 1, 0.7 to 1.2."""
    a, b, c = NEWTON_SCHULZ
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide.T if matrix.shape[0] > matrix.shape[1] else wide


class KernelOptimiser(torch.optim.Optimizer):
    """Muon for convolution kernels wider than one pixel, AdamW for pointwise layers and biases.

    ``lr`` is that of AdamW; kernels learn with ``kernel_rate`` times as much. Both shrink their weights by
    ``lr * weight_decay`` per step.
    """

    def __init__(self, network: nn.Module, *, weight_decay: float, kernel_rate: float) -> None:
        kernels = [p for p in network.parameters() if p.dim() >= 4 and p.shape[-1] > 1]
        chosen = {id(p) for p in kernels}
        others = [p for p in network.parameters() if id(p) not in chosen]
        groups: Iterable[dict[str, Any]] = [
            {"params": kernels, "kernels": True},
            {"params": others, "kernels": False},
        ]
        super().__init__(groups, {"lr": 0.0, "weight_decay": weight_decay, "kernel_rate": kernel_rate})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step with the gradients that are there; ``closure`` is not used."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                if group["kernels"]:
                    self._step_kernel(parameter, parameter.grad, group["lr"] * group["kernel_rate"])
                else:
                    self._step_adam(parameter, parameter.grad, group["lr"])

    def _step_kernel(self, kernel: Tensor, gradient: Tensor, rate: float) -> None:
        state = self.state[kernel]
        if not state:
            state["momentum"] = torch.zeros_like(kernel)
        momentum = state["momentum"].mul_(MOMENTUM).add_(gradient)
        direction = orthogonalise((gradient + MOMENTUM * momentum).flatten(1))
        # Tall matrices have more outputs than inputs: scaled so that the change of each output stays the same.
        scale = max(1.0, direction.shape[0] / direction.shape[1]) ** 0.5
        kernel.add_(direction.view_as(kernel), alpha=-rate * scale)

    def _step_adam(self, parameter: Tensor, gradient: Tensor, rate: float) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.zeros(())
            state["mean"] = torch.zeros_like(parameter)
            state["square"] = torch.zeros_like(parameter)
        state["step"] += 1
        count = float(state["step"])
        first, second = ADAM_BETAS
        state["mean"].lerp_(gradient, 1 - first)
        state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        denominator = (state["square"] / (1 - second**count)).sqrt_().add_(ADAM_EPS)
        parameter.addcdiv_(state["mean"], denominator, value=-rate / (1 - first**count))
