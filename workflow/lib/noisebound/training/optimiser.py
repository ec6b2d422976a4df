"""The optimiser: orthogonalised momentum for the convolutions, AdamW for everything else.

Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon; Liu et al., arXiv:2502.16982) changes every weight
matrix in the direction of the orthogonal matrix nearest to the momentum, so that all directions are learned at the same
pace. A 3x3 (3x3x3) kernel is the matrix (out channels, in channels x taps).

Networks this small have many small parameters, and a step takes as long as its number of calls. All parameters
therefore lie in one vector and are changed together.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..networks.quantile_network import join_parameters, places_of

MOMENTUM = 0.95
ADAM_BETAS = (0.9, 0.99)
ADAM_EPS = 1e-8
# Quintic Newton-Schulz iteration: these coefficients bring singular values near 1 fast, not exactly to 1.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
NEWTON_SCHULZ_STEPS = 5


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring all singular values of matrices near 1, and keep their singular vectors.

    Parameters
    ----------
    matrices
        (k, n, m), n <= m. Columns of zeros stay zeros and do not change the others.

    Returns
    -------
    Tensor
        (k, n, m), with singular values from 0.7 to 1.2.

    Notes
    -----
    Every Newton-Schulz iteration multiplies a matrix X from the left by a polynomial of X X^T. The product of these
    polynomials is found from the small matrix X X^T alone.
    """
    a, b, c = NEWTON_SCHULZ
    gram = matrices @ matrices.mT
    norm = gram.diagonal(dim1=1, dim2=2).sum(1).sqrt()[:, None, None] + 1e-7
    gram = gram / norm.square()
    one = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    product = one / norm
    for _ in range(NEWTON_SCHULZ_STEPS):
        step = a * one + b * gram + c * gram @ gram
        product, gram = step @ product, step @ gram @ step
    return product @ matrices


@dataclass(frozen=True, eq=False)
class Kernels:
    """Kernels whose matrices have equally many rows, orthogonalised together.

    Parameters
    ----------
    places
        int64 (k, n, m), indices into the vector of all parameters. Matrices with more rows than columns are transposed.
        Those with fewer than m columns are filled up with an index behind the end of the vector, where a zero is.
    scales
        (k, 1, 1), factors of each matrix's step.
    """

    places: Tensor
    scales: Tensor


def group_kernels(kernels: list[Tensor], behind: int) -> list[Kernels]:
    """Group kernels by the number of rows of their matrices.

    Parameters
    ----------
    kernels
        int64 (O, C, [3], 3, 3), indices into the vector of all parameters.
    behind
        Length of the vector.

    Returns
    -------
    list of Kernels
        One for each number of rows.
    """
    alike: dict[int, list[tuple[Tensor, float]]] = defaultdict(list)
    for kernel in kernels:
        matrix = kernel.flatten(1)
        # Tall matrices have more outputs than inputs: scaled so that the change of each output stays the same.
        scale = max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
        wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
        alike[len(wide)].append((wide, scale))
    groups = []
    for members in alike.values():
        longest = max(wide.shape[1] for wide, _ in members)
        places = [nn.functional.pad(wide, (0, longest - wide.shape[1]), value=behind) for wide, _ in members]
        groups.append(Kernels(torch.stack(places), torch.tensor([scale for _, scale in members])[:, None, None]))
    return groups


class KernelOptimiser(torch.optim.Optimizer):
    """Muon for convolution kernels wider than one pixel, AdamW for pointwise layers and biases.

    Parameters
    ----------
    network
        Its parameters become views of one vector; they must stay on the device where they are.
    weight_decay
        All parameters shrink by the share ``lr * weight_decay`` per step.
    kernel_rate
        Rate of the kernels, as a multiple of ``lr``, the rate of AdamW.
    clip
        Largest norm of the gradient; a longer one is scaled down to it.

    Attributes
    ----------
    vector : Tensor
        All parameters one after the other, (P,).
    """

    def __init__(self, network: nn.Module, *, weight_decay: float, kernel_rate: float, clip: float = math.inf) -> None:
        self.parameters = list(network.parameters())
        self.vector = join_parameters(network)
        device, behind = self.vector.device, len(self.vector)
        parts = places_of(self.parameters)
        kernels = [part for part in parts if part.dim() >= 4 and part.shape[-1] > 1]
        self.kernels = [
            Kernels(group.places.to(device), group.scales.to(device)) for group in group_kernels(kernels, behind)
        ]
        others = [part.flatten() for part in parts if part.dim() < 4 or part.shape[-1] == 1]
        self.others = torch.cat(others or [torch.arange(0)]).to(device)
        self.clip = clip
        super().__init__([self.vector], {"lr": 0.0, "weight_decay": weight_decay, "kernel_rate": kernel_rate})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Remove all gradients.

        Parameters
        ----------
        set_to_none
            Not used: gradients are always removed.
        """
        for parameter in (self.vector, *self.parameters):
            parameter.grad = None

    def gradient(self) -> Tensor:
        """Return the gradient as one vector.

        Returns
        -------
        Tensor
            (P,): the gradient of the vector or, where there is none, those of the parameters one after the other.
        """
        if self.vector.grad is not None:
            return self.vector.grad
        found = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        return torch.cat([part.flatten() for part in found])

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step with the gradients that are there.

        Parameters
        ----------
        closure
            Not used.
        """
        gradient = self.gradient()
        if math.isfinite(self.clip):
            gradient = gradient * (self.clip / (gradient.norm() + 1e-6)).clamp(max=1.0)
        (group,) = self.param_groups
        state = self.state[self.vector]
        if not state:
            self._begin(state)
        self.vector.mul_(1 - group["lr"] * group["weight_decay"])
        self._step_kernels(state, gradient, group["lr"] * group["kernel_rate"])
        self._step_adam(state, gradient[self.others], group["lr"])

    def _begin(self, state: dict[str, Any]) -> None:
        """Set all moments to zero, before the first step."""
        state["momentum"] = torch.zeros_like(self.vector)
        state["mean"], state["square"] = (self.vector.new_zeros(len(self.others)) for _ in range(2))
        state["step"] = torch.zeros(())

    def _step_kernels(self, state: dict[str, Any], gradient: Tensor, rate: float) -> None:
        """Change the kernels along their orthogonalised Nesterov momentum."""
        momentum = state["momentum"].mul_(MOMENTUM).add_(gradient)
        # With a zero behind the end, which fills up short matrices.
        ahead = nn.functional.pad(gradient.add(momentum, alpha=MOMENTUM), (0, 1))
        change = torch.zeros_like(ahead)
        for kernels in self.kernels:
            change[kernels.places] = orthogonalise(ahead[kernels.places]) * kernels.scales
        self.vector.add_(change[:-1], alpha=-rate)

    def _step_adam(self, state: dict[str, Any], gradient: Tensor, rate: float) -> None:
        """Change all other parameters, whose gradient is given."""
        state["step"] += 1
        count = float(state["step"])
        first, second = ADAM_BETAS
        mean = state["mean"].lerp_(gradient, 1 - first)
        square = state["square"].mul_(second).addcmul_(gradient, gradient, value=1 - second)
        step = mean / (square / (1 - second**count)).sqrt_().add_(ADAM_EPS)
        self.vector.index_add_(0, self.others, step, alpha=-rate / (1 - first**count))
