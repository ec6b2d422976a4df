"""Random graphs of several kinds, and gradients of any way to compute them."""

from __future__ import annotations

import torch

from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import (
    draw_small,
    give_weights,
)


def graph_network(dimensions: int, seed: int, depth: int, dilations: list[int], direct: bool) -> MemberNetwork:
    graph = draw_small(
        dimensions=dimensions,
        image_channels=2,
        seed=seed,
        depth=depth,
        dilations=dilations,
        input_to_output=direct,
        pointwise_output=bool(seed % 2),
        max_radius=40,
    )
    return give_weights(MemberNetwork(graph), seed)


SHAPES = [((9, 11), 1), ((12, 7), 2), ((70, 90), 5), ((2, 7, 8), 3), ((6, 5, 9), 4), ((14, 20, 22), 6)]


def gradients_of(
    network: MemberNetwork, quantiles: tuple[torch.Tensor, ...], inputs: list[torch.Tensor], seed: int
) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(q.shape, generator=generator, dtype=torch.float64).to(q.dtype) for q in quantiles]
    total = torch.stack([(w * q).sum() for w, q in zip(weights, quantiles, strict=True)]).sum()
    return list(torch.autograd.grad(total, [*inputs, *network.parameters()]))
