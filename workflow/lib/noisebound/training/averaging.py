"""Weights averaged over the steps of a training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of the vector of all weights.

    The average depends less on the choice of the last step than the weights do. A one-cycle schedule improves it
    further.

    Parameters
    ----------
    network
        The network, whose parameters name the parts of the vector.
    vector
        All its parameters one after the other, (P,) (see ``networks.quantile_network.join_parameters``).
    decay
        Share of the average that a step keeps, from 0 to 1.
    """

    def __init__(self, network: nn.Module, vector: Tensor, decay: float) -> None:
        self.decay = decay
        self.shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
        self.vector = vector.detach().clone()

    def update(self, vector: Tensor, step: int) -> None:
        """Take in the weights after one step.

        At the start a step keeps less than ``decay``, namely ``step / (step + 10)``, so that hardly anything remains of
        the random first weights.

        Parameters
        ----------
        vector
            The weights, (P,).
        step
            Number of the step, from 1.
        """
        keep = min(self.decay, step / (step + 10))
        self.vector.lerp_(vector.detach(), 1 - keep)

    def by_name(self) -> dict[str, Tensor]:
        """Copy the averaged weights.

        Returns
        -------
        dict of Tensor
            The weights by the names of the network's parameters.
        """
        parts = torch.split(self.vector, [shape.numel() for shape in self.shapes.values()])
        return {name: part.clone().view(shape) for (name, shape), part in zip(self.shapes.items(), parts, strict=True)}
