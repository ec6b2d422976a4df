"""Weights averaged over the steps of a training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of the vector of all weights.

    A one-cycle schedule still improves it, and it depends less on the choice of the last step than the weights do.

    Parameters
    ----------
    network
        The network, whose parameters name the parts of the vector.
    vector
        All its parameters one after the other (see ``networks.quantile_network.join_parameters``).
    decay
        Share of the average that a step keeps.
    """

    def __init__(self, network: nn.Module, vector: Tensor, decay: float) -> None:
        self.decay = decay
        self.shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
        self.vector = vector.detach().clone()

    def update(self, vector: Tensor, step: int) -> None:
        """Take in the weights after ``step``, counted from 1.

        The average forgets faster at the start, so that it never remembers the random initial weights.
        """
        keep = min(self.decay, step / (step + 10))
        self.vector.lerp_(vector.detach(), 1 - keep)

    def by_name(self) -> dict[str, Tensor]:
        """A copy of the averaged weights, by the names of the network's parameters."""
        parts = torch.split(self.vector, [shape.numel() for shape in self.shapes.values()])
        return {name: part.clone().view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
