"""The optimiser: orthogonalised momentum for the convolutions, AdamW for everything else.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; Liu et al., arXiv:2502.16982) takes, for every
weight matrix, the orthogonal matrix nearest to the momentum as the step, so that all directions are learned at the
same pace. A 3x3 (3x3x3) kernel is the matrix (out channels, in channels x taps).

Networks this small have many small kernels: what a step costs is the number of calls, so that all parameters take one
step together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.99)
ADAM_EPS = 1e-8
# Quintic Newton-Schulz iteration: these coefficients bring singular values near 1 fast, not exactly to 1.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


def orthogonalise(matrices: Sequence[Tensor]) -> list[Tensor]:
    """For each matrix (n, m) one with the same singular vectors and singular values near 1, 0.7 to 1.2.

    Every iteration multiplies a matrix X, n <= m, from the left by a polynomial of X X^T, and so does their product,
    found from the small X X^T alone, for all matrices of as many rows at once.
    """
    wide = [matrix.T if matrix.shape[0] > matrix.shape[1] else matrix for matrix in matrices]
    alike: dict[int, list[int]] = defaultdict(list)
    for place, matrix in enumerate(wide):
        alike[len(matrix)].append(place)
    found = list(matrices)
    for places in alike.values():
        products = _iterate(torch.stack([wide[place] @ wide[place].T for place in places]))
        for product, place in zip(products, places, strict=True):
            result = product @ wide[place]
            found[place] = result if wide[place] is matrices[place] else result.T
    return found


def _iterate(gram: Tensor) -> Tensor:
    """The product of all iterations for matrices X, given X X^T (k, n, n)."""
    a, b, c = NEWTON_SCHULZ
    norm = gram.diagonal(dim1=1, dim2=2).sum(1).sqrt()[:, None, None] + 1e-7
    gram = gram / norm.square()
    one = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    product = one / norm
    for _ in range(NEWTON_SCHULZ_STEPS):
        step = a * one + b * gram + c * gram @ gram
        product, gram = step @ product, step @ gram @ step
    return product


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
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not parameters:
                continue
            gradients = [parameter.grad for parameter in parameters]
            torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
            if group["kernels"]:
                self._step_kernels(parameters, gradients, group["lr"] * group["kernel_rate"])
            else:
                self._step_adam(parameters, gradients, group["lr"])

    def _step_kernels(self, kernels: list[Tensor], gradients: list[Tensor], rate: float) -> None:
        momenta = self._states("momentum", kernels)
        torch._foreach_mul_(momenta, MOMENTUM)
        torch._foreach_add_(momenta, gradients)
        ahead = torch._foreach_add(gradients, momenta, alpha=MOMENTUM)
        directions = orthogonalise([direction.flatten(1) for direction in ahead])
        # Tall matrices have more outputs than inputs: scaled so that the change of each output stays the same.
        scales = [-rate * max(1.0, found.shape[0] / found.shape[1]) ** 0.5 for found in directions]
        steps = [found.reshape(kernel.shape) for found, kernel in zip(directions, kernels, strict=True)]
        torch._foreach_mul_(steps, scales)
        torch._foreach_add_(kernels, steps)

    def _step_adam(self, parameters: list[Tensor], gradients: list[Tensor], rate: float) -> None:
        means, squares = self._states("mean", parameters), self._states("square", parameters)
        counts = [self.state[parameter].setdefault("step", torch.zeros(())) for parameter in parameters]
        torch._foreach_add_(counts, 1)
        count = float(counts[0])
        first, second = ADAM_BETAS
        torch._foreach_lerp_(means, gradients, 1 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, gradients, gradients, value=1 - second)
        denominators = torch._foreach_div(squares, 1 - second**count)
        torch._foreach_sqrt_(denominators)
        torch._foreach_add_(denominators, ADAM_EPS)
        torch._foreach_addcdiv_(parameters, means, denominators, value=-rate / (1 - first**count))

    def _states(self, name: str, parameters: list[Tensor]) -> list[Tensor]:
        for parameter in parameters:
            if name not in self.state[parameter]:
                self.state[parameter][name] = torch.zeros_like(parameter)
        return [self.state[parameter][name] for parameter in parameters]
