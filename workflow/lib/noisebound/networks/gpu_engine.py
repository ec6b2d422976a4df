"""Random graphs on GPUs and in bfloat16: fewer, wider convolutions in channels-last memory.

Two changes to the plain network (``graph_network``), both exact up to the rounding of sums:

- Edges that leave one node with the same dilation become one convolution, whose output is split: a convolution to 3
  channels costs nearly as much as one to 16.
- A volume becomes a stack of slices. A 3x3x3 convolution becomes a 3x3 convolution over three times the channels: those
  of the slice itself and of the slices one dilation below and above. Libraries have fast 2-D kernels for few channels,
  and slow 3-D ones.

The weights stay those of the plain network, so that training can use this way too.
"""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..architecture.random_graph import Edge
from .graph_network import MemberNetwork
from .quantile_network import SLOPE, quantiles_from


def predict(network: MemberNetwork, image: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Compute latents and quantiles in one pass; gradients reach the weights.

    Parameters
    ----------
    network
        The network.
    image
        (B, C, [Z], Y, X), normalised, of cells (see ``space_to_depth``).

    Returns
    -------
    latent : Tensor
        (B, L, [Z], Y, X).
    quantiles : tuple of Tensor
        Lower, median and upper quantile, (B, C_out, [Z], Y, X) each, of cells.
    """
    latent = _encode(network, _to_slices(image), _slice_count(image))
    lower, median, upper = _decode(network, latent)
    return _from_slices(latent, image), (
        _from_slices(lower, image),
        _from_slices(median, image),
        _from_slices(upper, image),
    )


def _to_slices(image: Tensor) -> Tensor:
    """Turn (B, C, [Z], Y, X) into (B [* Z], C, Y, X) in channels-last memory."""
    if image.dim() == 5:
        image = image.transpose(1, 2).flatten(0, 1)
    return image.contiguous(memory_format=torch.channels_last)


def _slice_count(image: Tensor) -> int:
    """Number of slices of a volume; 1 for an image."""
    return image.shape[2] if image.dim() == 5 else 1


def _from_slices(features: Tensor, image: Tensor) -> Tensor:
    """Turn (B [* Z], C, Y, X) back into the shape of ``image``."""
    if image.dim() == 5:
        return features.unflatten(0, (image.shape[0], image.shape[2])).transpose(1, 2)
    return features


def _encode(network: MemberNetwork, image: Tensor, slices: int) -> Tensor:
    """Compute the latent vectors of slices."""
    architecture = network.architecture
    arrived: dict[int, dict[int, Tensor]] = defaultdict(dict)
    convolutions = dict(zip(architecture.edges, network.edges, strict=True))
    features, node = image, 0
    for bundle in bundle_edges(architecture.edges):
        if bundle[0].source != node:
            node = bundle[0].source
            features = _join(arrived.pop(node))
        weight = torch.cat([convolutions[edge].weight for edge in bundle])  # type: ignore[misc]
        bias = torch.cat([convolutions[edge].bias for edge in bundle])  # type: ignore[misc]
        outputs = functional.leaky_relu(_convolve(features, weight, bias, bundle[0].dilation, slices), SLOPE)
        for edge, part in zip(bundle, outputs.split([edge.channels for edge in bundle], dim=1), strict=True):
            arrived[edge.target][edge.source] = part
    return _pointwise(network.projection, _join(arrived.pop(architecture.output)))


def _decode(network: MemberNetwork, latent: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute lower, median and upper quantile of slices; the first layers of all heads are one convolution."""
    active = functional.leaky_relu(latent, SLOPE)
    first = [head[0] for head in network.heads]  # type: ignore[index]
    weight, bias = torch.cat([c.weight for c in first]), torch.cat([c.bias for c in first])
    hidden = functional.leaky_relu(functional.conv2d(active, weight.flatten(2)[..., None], bias), SLOPE)
    parts = hidden.chunk(3, dim=1)
    median, below, above = (
        _pointwise(head[2], part)  # type: ignore[index]
        for head, part in zip(network.heads, parts, strict=True)
    )
    return quantiles_from(median, below, above)


def _pointwise(convolution: nn.Module, features: Tensor) -> Tensor:
    """Apply a 1x1 (1x1x1) convolution to slices."""
    weight: Tensor = convolution.weight  # type: ignore[assignment]
    bias: Tensor = convolution.bias  # type: ignore[assignment]
    return functional.conv2d(features, weight.flatten(2)[..., None], bias)


def _convolve(features: Tensor, weight: Tensor, bias: Tensor, dilation: int, depth: int) -> Tensor:
    """Convolve 3x3 in images; 3x3x3 in volumes of ``depth`` slices, whose Z neighbours become channels; 1x1 in both."""
    if not dilation:
        return functional.conv2d(features, weight.flatten(2)[..., None], bias)
    if weight.dim() == 5:
        features = _stack_neighbours(features, dilation, depth)
        # (out, in, 3, 3, 3) to (out, 3 in, 3, 3): first the slice below, then the slice itself, then the one above.
        weight = weight.transpose(1, 2).flatten(1, 2)
    weight = weight.contiguous(memory_format=torch.channels_last)
    return functional.conv2d(features, weight, bias, padding=dilation, dilation=dilation)


def _stack_neighbours(features: Tensor, dilation: int, depth: int) -> Tensor:
    """Join each slice with those ``dilation`` below and above, or zeros: (B * Z, C, Y, X) to (B * Z, 3 C, Y, X)."""
    # In channels-last memory the channels are the innermost axis, so work on (B, Z, Y, X, C).
    volume = features.permute(0, 2, 3, 1).unflatten(0, (-1, depth))
    reach = min(dilation, depth)
    below = functional.pad(volume[:, : depth - reach], (0, 0, 0, 0, 0, 0, reach, 0))
    above = functional.pad(volume[:, reach:], (0, 0, 0, 0, 0, 0, 0, reach))
    return torch.cat([below, volume, above], dim=-1).flatten(0, 1).permute(0, 3, 1, 2)


def bundle_edges(edges: tuple[Edge, ...]) -> tuple[tuple[Edge, ...], ...]:
    """Group edges by source and dilation.

    Parameters
    ----------
    edges
        The edges of a random graph.

    Returns
    -------
    tuple of tuple of Edge
        The groups, in the order of their sources and then of their dilations.
    """
    groups: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for edge in edges:
        groups[(edge.source, edge.dilation)].append(edge)
    return tuple(tuple(groups[key]) for key in sorted(groups))


def _join(parts: dict[int, Tensor]) -> Tensor:
    """Concatenate the inputs of a node in the order of their sources."""
    return torch.cat([parts[source] for source in sorted(parts)], dim=1)
