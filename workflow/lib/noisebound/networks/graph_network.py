"""The random graph as a torch module: an encoder of dilated convolutions in front of the heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture.base import KERNEL
from ..architecture.random_graph import Architecture
from .quantile_network import SLOPE, QuantileNetwork
from .space_to_depth import fold, unfold


class MemberNetwork(QuantileNetwork):
    """A member whose encoder is a random graph: one convolution per edge, in the order of the graph.

    Parameters
    ----------
    architecture
        The graph.
    """

    architecture: Architecture

    def __init__(self, architecture: Architecture) -> None:
        super().__init__(architecture)
        widths = architecture.widths()
        self.edges = nn.ModuleList(
            self.convolution(widths[edge.source], edge.channels, KERNEL, dilation=edge.dilation, padding=edge.dilation)
            if edge.dilation
            else self.convolution(widths[edge.source], edge.channels, 1)
            for edge in architecture.edges
        )
        self.add_heads()

    def encode(self, image: Tensor) -> Tensor:
        """Compute the latent vectors of the cells, node after node.

        Parameters
        ----------
        image
            float32 (B, C_in, [Z], Y, X), normalised.

        Returns
        -------
        Tensor
            float32 (B, latent, *spatial / cell), rounded up.
        """
        features = {0: fold(image, self.architecture.cell)}
        for node in range(1, self.architecture.output + 1):
            features[node] = torch.cat(
                [
                    functional.leaky_relu(convolution(features[edge.source]), SLOPE)
                    for edge, convolution in zip(self.architecture.edges, self.edges, strict=True)
                    if edge.target == node
                ],
                dim=1,
            )
        latent: Tensor = self.projection(features[self.architecture.output])
        return latent

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the quantiles of every pixel.

        Parameters
        ----------
        image
            float32 (B, C_in, [Z], Y, X), normalised.

        Returns
        -------
        tuple of Tensor
            Lower, median and upper quantile, float32 (B, C_out, [Z], Y, X) each.
        """
        cell, spatial = self.architecture.cell, image.shape[2:]
        lower, median, upper = self.decode(self.encode(image))
        return unfold(lower, cell, spatial), unfold(median, cell, spatial), unfold(upper, cell, spatial)
