"""The fast way to compute a network, chosen by family, hardware and precision.

Random graphs in float32 on a processor run by compiled loops (``cpu_engine``); on a GPU or in bfloat16 they run by
merged convolutions (``gpu_engine``). A U-Net has few, wide convolutions, for which torch is fast: it runs as it is, in
channels-last memory. The results are those of the plain modules (``graph_network``, ``unet_network``) to 1e-5 in
float32.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..architecture.base import Blueprint
from ..architecture.random_graph import Architecture
from ..architecture.unet import UNetArchitecture
from . import gpu_engine
from .graph_network import MemberNetwork
from .losses import quantile_loss
from .quantile_network import QuantileNetwork, quantiles_from
from .space_to_depth import fold, spread, unfold
from .unet_network import UNet

Quantiles = tuple[Tensor, Tensor, Tensor]


def build_network(architecture: Blueprint) -> QuantileNetwork:
    """Build the plain torch module of an architecture, with weights as torch draws them.

    Parameters
    ----------
    architecture
        A random graph or a U-Net.

    Returns
    -------
    QuantileNetwork
        The module, on the processor.

    Raises
    ------
    TypeError
        For an architecture of another family.
    """
    if isinstance(architecture, UNetArchitecture):
        return UNet(architecture)
    if isinstance(architecture, Architecture):
        return MemberNetwork(architecture)
    raise TypeError(f"no network for {type(architecture).__name__}")


def quantiles(network: QuantileNetwork, image: Tensor) -> Quantiles:
    """Compute the quantiles for training: gradients reach the weights. They equal ``network(image)`` to 1e-5.

    Parameters
    ----------
    network
        The network.
    image
        (B, C_in, [Z], Y, X), normalised; the compiled loops take float32.

    Returns
    -------
    tuple of Tensor
        Lower, median and upper quantile, (B, C_out, [Z], Y, X) each.
    """
    if not isinstance(network, MemberNetwork):
        return network.decode(network.encode(_channels_last(image)))
    cell, spatial = network.architecture.cell, image.shape[2:]
    cells = fold(image, cell)
    if not _is_direct(image):
        return _unfold_all(gpu_engine.predict(network, cells)[1], cell, spatial)
    from . import cpu_engine  # not needed on a GPU, and slow to import

    pixels = unfold(cpu_engine.heads(network, cells), cell, spatial)
    return quantiles_from(*pixels.chunk(3, dim=1))


@torch.no_grad()
def predict(network: QuantileNetwork, image: Tensor) -> tuple[Tensor, Quantiles]:
    """Compute latents and quantiles in one pass, without gradients. The quantiles equal ``network(image)`` to 1e-5.

    Parameters
    ----------
    network
        The network.
    image
        (B, C_in, [Z], Y, X), normalised.

    Returns
    -------
    latent : Tensor
        (B, L, [Z], Y, X), those of ``network.encode(image)``; all pixels of a cell have the same.
    quantiles : tuple of Tensor
        Lower, median and upper quantile, (B, C_out, [Z], Y, X) each.
    """
    if not isinstance(network, MemberNetwork):
        latent = network.encode(_channels_last(image))
        return latent, network.decode(latent)
    cell, spatial = network.architecture.cell, image.shape[2:]
    cells = fold(image, cell)
    if _is_direct(cells):
        from . import cpu_engine

        latent, found = cpu_engine.predict(network, cells)
    else:
        latent, found = gpu_engine.predict(network, cells)
    return spread(latent, cell, spatial), _unfold_all(found, cell, spatial)


def loss(network: QuantileNetwork, image: Tensor, target: Tensor, levels: Sequence[float], mask: Tensor) -> Tensor:
    """Compute ``losses.quantile_loss`` of the network's quantiles for training, in float32 at every precision.

    Parameters
    ----------
    network
        The network.
    image
        (B, C_in, [Z], Y, X), normalised.
    target
        (B, C_out, [Z], Y, X), normalised.
    levels
        Levels of lower, median and upper quantile.
    mask
        Boolean (B, 1, [Z], Y, X), true where a pixel counts.

    Returns
    -------
    Tensor
        A scalar.
    """
    if isinstance(network, MemberNetwork) and _is_direct(image):
        cell = network.architecture.cell
        if not any(extent % cell for extent in image.shape[2:]):
            from . import cpu_engine

            cells, wanted, counted = fold(image, cell), fold(target, cell), fold(mask.expand_as(target), cell)
            return cpu_engine.loss(network, cells, wanted, levels, counted)
    return quantile_loss([part.float() for part in quantiles(network, image)], target, levels, mask)


def floats_per_pixel(network: QuantileNetwork, device: torch.device) -> int:
    """Estimate the memory of :func:`predict`.

    Parameters
    ----------
    network
        The network.
    device
        Where it computes.

    Returns
    -------
    int
        The most numbers that are held at a time, per pixel of the image; a U-Net holds somewhat fewer.
    """
    architecture = network.architecture
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Conv3d)]
    features = architecture.in_channels + sum(layer.out_channels for layer in layers)
    if isinstance(architecture, Architecture) and architecture.cell > 1:
        # The pixels of a cell share its features; only its latents are copied to each of them.
        features = -(-features // architecture.cell**architecture.dimensions) + architecture.latent
    # Without the compiled loops, the inputs of a node are also held joined, and libraries need work space.
    direct = device.type == "cpu" and isinstance(network, MemberNetwork)
    return features if direct else 3 * features


def _is_direct(image: Tensor) -> bool:
    """Whether the compiled loops can take an image: float32, on a processor, and no gradient of its own is needed."""
    on_processor = image.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    return on_processor and image.dtype == torch.float32 and not image.requires_grad


def _unfold_all(found: Quantiles, cell: int, spatial: Sequence[int]) -> Quantiles:
    """Turn quantiles of cells into quantiles of pixels."""
    lower, median, upper = (unfold(part, cell, spatial) for part in found)
    return lower, median, upper


def _channels_last(image: Tensor) -> Tensor:
    """Bring an image into the memory layout in which torch is fastest."""
    layout = torch.channels_last_3d if image.dim() == 5 else torch.channels_last
    return image.contiguous(memory_format=layout)
