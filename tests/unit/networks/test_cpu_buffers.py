"""Buffers used again hold nothing of their past."""

from __future__ import annotations

import pytest
import torch

from noisebound.networks import engine
from noisebound.networks.cpu_buffers import BUFFERS
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import draw_small, give_weights


def network_of(seed: int, dilations: list[int]) -> MemberNetwork:
    graph = draw_small(dimensions=3, image_channels=1, seed=seed, depth=4, dilations=dilations, max_radius=60)
    return give_weights(MemberNetwork(graph), seed)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_other_networks_and_shapes_leave_no_trace_in_the_buffer(first: int) -> None:
    """In turn: another layout, another number of channels in the same layout, a larger buffer, and back."""
    networks = [network_of(1, [1, 6]), network_of(2, [6]), network_of(3, [2])]
    images = [torch.randn(1, 1, *shape, generator=torch.Generator().manual_seed(k)) for k, shape in enumerate(
        [(8, 9, 10), (5, 14, 9), (8, 9, 10), (12, 16, 16)])]  # fmt: skip
    BUFFERS.free.clear()
    for k in range(12):
        network, image = networks[(first + k) % 3], images[(first + k) % 4]
        _, quantiles = engine.predict(network, image)
        with torch.no_grad():
            for fast, plain in zip(quantiles, network(image), strict=True):
                torch.testing.assert_close(fast, plain, rtol=1e-5, atol=1e-5 * float(plain.abs().max()))
    assert len(BUFFERS.free) == 1
