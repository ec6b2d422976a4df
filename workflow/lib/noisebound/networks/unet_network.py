"""The U-Net as a torch module: another encoder in front of the same heads (see ``architecture.unet``)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture.base import KERNEL
from ..architecture.unet import UNetArchitecture
from .quantile_network import SLOPE, QuantileNetwork
from .space_to_depth import continue_to_multiples, crop


class UNet(QuantileNetwork):
    """A member whose encoder is a U-Net.

    A pixel's output is the same in every tile that begins and ends at multiples of the architecture's ``alignment``.

    Parameters
    ----------
    architecture
        The U-Net as data.
    """

    architecture: UNetArchitecture

    def __init__(self, architecture: UNetArchitecture) -> None:
        super().__init__(architecture)
        widths = architecture.widths()
        self.down = nn.ModuleList(map(self._block, (architecture.in_channels, *widths), widths))
        self.narrow = nn.ModuleList(map(self._pointwise, widths[1:], widths[:-1]))
        self.up = nn.ModuleList(self._block(2 * width, width) for width in widths[:-1])
        self.add_heads()

    def _block(self, inputs: int, outputs: int) -> nn.Sequential:
        """Make the convolutions of one level on one way, each with its rectifier."""
        layers: list[nn.Module] = []
        for number in range(self.architecture.convolutions):
            read = outputs if number else inputs
            layers += [self.convolution(read, outputs, KERNEL, padding=KERNEL // 2), nn.LeakyReLU(SLOPE)]
        return nn.Sequential(*layers)

    def _pointwise(self, inputs: int, outputs: int) -> nn.Module:
        return self.convolution(inputs, outputs, 1)

    def encode(self, image: Tensor) -> Tensor:
        """Compute the latent vectors.

        An image whose lengths are not multiples of ``alignment`` is continued first (see
        ``space_to_depth.continue_to_multiples``), and the output is cropped.

        Parameters
        ----------
        image
            float32 (B, C_in, [Z], Y, X), normalised.

        Returns
        -------
        Tensor
            float32 (B, latent, [Z], Y, X).
        """
        extents = image.shape[2:]
        features = continue_to_multiples(image, self.architecture.alignment)
        passed: list[Tensor] = []
        for block in self.down[:-1]:
            passed.append(block(features))
            features = halve(passed[-1])
        features = self.down[-1](features)
        for narrow, block in zip(reversed(self.narrow), reversed(self.up), strict=True):
            above = functional.interpolate(narrow(features), scale_factor=2.0, mode="nearest")
            features = block(torch.cat([passed.pop(), above], dim=1))
        latent: Tensor = self.projection(features)
        return crop(latent, extents)


def halve(features: Tensor) -> Tensor:
    """Keep the largest of each 2x2 (2x2x2) pixels.

    The library's pooling layers do not promise repeatable gradients on GPUs.

    Parameters
    ----------
    features
        (B, C, *spatial), all lengths even.

    Returns
    -------
    Tensor
        (B, C, *spatial / 2).
    """
    for axis in range(2, features.dim()):
        first, second = features.unflatten(axis, (-1, 2)).unbind(axis + 1)
        features = torch.maximum(first, second)
    return features
