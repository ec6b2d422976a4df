"""The torch module of every network: an encoder, one latent vector per pixel, three heads that cannot cross.

The encoders are in ``graph_network`` and ``unet_network``. These modules hold the weights; ``engine`` computes the same
outputs faster.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture.base import Blueprint

SLOPE = 0.1  # of the rectifier below zero: a channel that is negative everywhere at first can still learn
# First bias of the gaps: softplus(-1) = 0.31, a third of the target's standard deviation to each side of the median.
FIRST_GAP = -1.0


class QuantileNetwork(nn.Module):
    """One member: noisy image in, lower, median and upper quantile out, at every pixel. Subclasses add the encoder.

    There is no normalisation layer: an output depends only on the input within its receptive radius, whatever else is
    in the batch. Convolutions pad with zeros, which spoils a rim as wide as the receptive radius: callers add such a
    rim to the image (see ``geometry.tiling``) and drop it afterwards.

    Parameters
    ----------
    architecture
        The architecture.

    Attributes
    ----------
    vector : Tensor or None
        All parameters one after the other, (P,), after :func:`join_parameters`.
    """

    projection: nn.Conv2d | nn.Conv3d
    heads: nn.ModuleList

    def __init__(self, architecture: Blueprint) -> None:
        super().__init__()
        self.architecture = architecture
        self.vector: Tensor | None = None  # see join_parameters
        self.convolution: type[nn.Conv2d] | type[nn.Conv3d] = nn.Conv3d if architecture.dimensions == 3 else nn.Conv2d

    def add_heads(self) -> None:
        """Add projection and heads; the last call in a subclass's ``__init__``."""
        architecture, convolution = self.architecture, self.convolution
        self.projection = convolution(architecture.features(), architecture.latent, 1)
        self.heads = nn.ModuleList(
            nn.Sequential(
                convolution(architecture.latent, architecture.hidden, 1),
                nn.LeakyReLU(SLOPE),
                convolution(architecture.hidden, architecture.head_outputs, 1),
            )
            for _ in ("median", "below", "above")
        )

    def initialise(self, generator: torch.Generator) -> None:
        """Draw all weights. Biases start at zero, except those of the gaps between the median and the outer quantiles.

        Parameters
        ----------
        generator
            Source of the draws, on the network's device.

        References
        ----------
        He et al., arXiv:1502.01852, for a leaky rectifier.
        """
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Conv3d)):
                nn.init.kaiming_normal_(module.weight, a=SLOPE, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for head in self.heads:
            # Small weights: the first predictions are near the bias, not random images.
            head[-1].weight.data.mul_(0.1)  # type: ignore[index]
        for head in self.heads[1:]:
            head[-1].bias.data.fill_(FIRST_GAP)  # type: ignore[index]

    def encode(self, image: Tensor) -> Tensor:
        """Compute the latent vectors.

        Parameters
        ----------
        image
            float32 (B, C_in, [Z], Y, X), normalised.

        Returns
        -------
        Tensor
            float32 (B, latent, [Z], Y, X).
        """
        raise NotImplementedError

    def decode(self, latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the quantiles from latent vectors.

        Parameters
        ----------
        latent
            float32 (B, latent, [Z], Y, X).

        Returns
        -------
        tuple of Tensor
            Lower, median and upper quantile, (B, C_out, [Z], Y, X) each, normalised; lower <= median <= upper always.
        """
        active = functional.leaky_relu(latent, SLOPE)
        median, below, above = (head(active) for head in self.heads)
        return quantiles_from(median, below, above)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the quantiles of every pixel.

        Parameters
        ----------
        image
            float32 (B, C_in, [Z], Y, X), normalised.

        Returns
        -------
        tuple of Tensor
            As :meth:`decode`.
        """
        return self.decode(self.encode(image))


def join_parameters(network: nn.Module) -> Tensor:
    """Make all parameters of a network views of one vector.

    What changes the vector changes the network, and the other way round. A ``QuantileNetwork`` remembers the vector, so
    that the compiled loops can return one gradient instead of many.

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    Tensor
        (P,), which requires a gradient.
    """
    parameters = list(network.parameters())
    vector = torch.cat([parameter.detach().flatten() for parameter in parameters])
    for parameter, part in zip(parameters, vector.split([p.numel() for p in parameters]), strict=True):
        parameter.data = part.view(parameter.shape)
    vector.requires_grad_()
    if isinstance(network, QuantileNetwork):
        network.vector = vector
    return vector


def parameter_vector(network: QuantileNetwork) -> Tensor:
    """Return all parameters one after the other.

    Parameters
    ----------
    network
        The network.

    Returns
    -------
    Tensor
        (P,): the vector of :func:`join_parameters` or, where there is none, a copy through which gradients reach the
        parameters.
    """
    if network.vector is not None:
        return network.vector
    return torch.cat([parameter.flatten() for parameter in network.parameters()])


def places_of(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Find the place of each parameter in the vector of :func:`join_parameters`.

    Parameters
    ----------
    parameters
        The parameters of a network, in their order.

    Returns
    -------
    list of Tensor
        int64 indices into the vector, one tensor per parameter and of its shape.
    """
    shapes = [parameter.shape for parameter in parameters]
    sizes = [shape.numel() for shape in shapes]
    parts = torch.arange(sum(sizes)).split(sizes)
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]


def quantiles_from(median: Tensor, below: Tensor, above: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Make lower, median and upper quantile from the outputs of the three heads; they cannot cross.

    The outer quantiles are the median minus and plus a softplus. Their losses have no gradient in the head of the
    median, so that it is trained on the median alone.

    Parameters
    ----------
    median, below, above
        (B, C_out, [Z], Y, X), outputs of the heads.

    Returns
    -------
    tuple of Tensor
        Lower, median and upper quantile, (B, C_out, [Z], Y, X) each.
    """
    centre = median.detach()
    return centre - functional.softplus(below), median, centre + functional.softplus(above)
