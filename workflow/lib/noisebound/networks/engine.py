"""The fast way through a network: the same mathematics as ``network``, by the means that suit the hardware.

Random graphs: on a processor in float32, compiled loops (``direct``); on a GPU, or in bfloat16, merged convolutions
(``merged``). The few wide convolutions of a U-Net are what torch is fast at: it runs as it is, channels last.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture.base import Blueprint
from ..architecture.random_graph import Architecture
from ..architecture.unet import UNetArchitecture
from . import gpu_engine
from .graph_network import MemberNetwork
from .losses import quantile_loss
from .quantile_network import SLOPE, QuantileNetwork, quantiles_from
from .space_to_depth import fold, spread, unfold
from .unet_network import UNet

Quantiles = tuple[Tensor, Tensor, Tensor]


def build_network(architecture: Blueprint) -> QuantileNetwork:
    """The plain torch module of an architecture, with weights as torch draws them. Raises ``TypeError`` for others."""
    if isinstance(architecture, UNetArchitecture):
        return UNet(architecture)
    if isinstance(architecture, Architecture):
        return MemberNetwork(architecture)
    raise TypeError(f"no network for {type(architecture).__name__}")


def quantiles(network: QuantileNetwork, image: Tensor) -> Quantiles:
    """Lower, median and upper, equal to ``network(image)`` to 1e-5, for training: gradients reach the weights.

    ``image`` (B, C_in, [Z], Y, X), normalised; compiled loops take float32.
    """
    if not isinstance(network, MemberNetwork):
        return network.decode(network.encode(_channels_last(image)))
    cell, spatial = network.architecture.cell, image.shape[2:]
    cells = fold(image, cell)
    if not _is_direct(image):
        return _unfold_all(gpu_engine.predict(network, cells)[1], cell, spatial)
    from . import cpu_engine  # not needed on a GPU, and slow to import

    plan = cpu_engine.Plan.of(network.architecture)
    rows: Tensor = cpu_engine.DirectNetwork.apply(cells, plan, _vector(network))
    pixels = unfold(plan.tables(cells.shape[2:]).layout.pixels(rows), cell, spatial)
    return quantiles_from(*pixels.chunk(3, dim=1))


@torch.no_grad()
def predict(network: QuantileNetwork, image: Tensor) -> tuple[Tensor, Quantiles]:
    """Latents and quantiles in one pass, equal to ``network.encode(image)`` and ``network(image)`` to 1e-5.

    The latent vector of a pixel is that of its cell.
    """
    if not isinstance(network, MemberNetwork):
        latent = network.encode(_channels_last(image))
        return latent, network.decode(latent)
    cell, spatial = network.architecture.cell, image.shape[2:]
    latent, found = _predict_cells(network, fold(image, cell))
    return spread(latent, cell, spatial), _unfold_all(found, cell, spatial)


def _unfold_all(found: Quantiles, cell: int, spatial: Sequence[int]) -> Quantiles:
    lower, median, upper = (unfold(part, cell, spatial) for part in found)
    return lower, median, upper


def _predict_cells(network: MemberNetwork, image: Tensor) -> tuple[Tensor, Quantiles]:
    """Latents and what the heads give, of an image of cells."""
    if not _is_direct(image):
        return gpu_engine.predict(network, image)
    from . import cpu_engine

    plan = cpu_engine.Plan.of(network.architecture)
    packed = cpu_engine.pack(_vector(network), plan)
    layout = plan.tables(image.shape[2:]).layout
    buffer = plan.borrow(1, layout)
    found = image.new_empty(len(image), network.architecture.latent + plan.outputs, *image.shape[2:])
    for single, result in zip(image.split(1), found, strict=True):  # an image's features stay in the cache
        cpu_engine.compute(buffer, single, plan, packed)
        features = layout.pixels(buffer[0])
        result[: -plan.outputs] = features[plan.latent : plan.latent + network.architecture.latent]
        result[-plan.outputs :] = features[-plan.outputs :]
    plan.give_back(buffer, layout)
    latent, heads = found[:, : -plan.outputs], found[:, -plan.outputs :]
    # The loops keep the latents behind their rectifier, which another one undoes.
    return functional.leaky_relu_(latent, 1 / SLOPE), quantiles_from(*heads.chunk(3, dim=1))


def _channels_last(image: Tensor) -> Tensor:
    layout = torch.channels_last_3d if image.dim() == 5 else torch.channels_last
    return image.contiguous(memory_format=layout)


def floats_per_pixel(network: QuantileNetwork, device: torch.device) -> int:
    """How many numbers :func:`predict` holds at most for every pixel of an image; of a U-Net somewhat less."""
    architecture = network.architecture
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Conv3d)]
    features = architecture.in_channels + sum(layer.out_channels for layer in layers)
    if isinstance(architecture, Architecture) and architecture.cell > 1:
        # A feature of a cell is shared by its pixels; its latents are then written to each of them.
        features = -(-features // architecture.cell**architecture.dimensions) + architecture.latent
    # Elsewhere than in the compiled loops, what reaches a node is joined, and libraries want work space.
    direct = device.type == "cpu" and isinstance(network, MemberNetwork)
    return features if direct else 3 * features


def _is_direct(image: Tensor) -> bool:
    """Whether the compiled loops can take it; they give no gradient with respect to the image."""
    on_processor = image.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    return on_processor and image.dtype == torch.float32 and not image.requires_grad


def loss(network: QuantileNetwork, image: Tensor, target: Tensor, levels: Sequence[float], mask: Tensor) -> Tensor:
    """``quantile_loss`` of the network's quantiles of ``image`` (B, C_in, [Z], Y, X), for training.

    In float32, whatever the precision of the network; arguments otherwise as there.
    """
    spatial = image.shape[2:]
    if isinstance(network, MemberNetwork) and _is_direct(image):
        cell = network.architecture.cell
        if not any(extent % cell for extent in spatial):
            from . import cpu_engine

            plan = cpu_engine.Plan.of(network.architecture)
            cells, wanted, counted = fold(image, cell), fold(target, cell), fold(mask.expand_as(target), cell)
            rows = cpu_engine.DirectNetwork.apply(cells, plan, _vector(network))
            found: Tensor = cpu_engine.QuantileLoss.apply(
                rows, plan.tables(cells.shape[2:]).layout, wanted, levels, counted
            )
            return found
    return quantile_loss([part.float() for part in quantiles(network, image)], target, levels, mask)


def _vector(network: MemberNetwork) -> Tensor:
    """All parameters one after the other."""
    if network.vector is not None:
        return network.vector
    return torch.cat([parameter.flatten() for parameter in network.parameters()])
