"""Random graphs as networks with random weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from noisebound.architecture.random_graph import Architecture, draw
from noisebound.architecture.settings import GraphSettings
from noisebound.networks import engine
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import (
    draw_small,
    give_weights,
)

cases = pytest.mark.parametrize(("dimensions", "seed"), [(d, s) for d in (2, 3) for s in range(4)])


def make_network(dimensions: int, seed: int, **asked: object) -> MemberNetwork:
    asked = {"depth": 3 + seed % 3, "input_to_output": seed % 2 == 0, "dilations": [1, 2, 3], **asked}
    return give_weights(MemberNetwork(draw_small(dimensions=dimensions, image_channels=2, seed=seed, **asked)), seed)


SETTINGS = {
    "depth": 4,
    "alpha": 0.5,
    "gamma": 1.0,
    "p_input": 0.5,
    "p_output": 0.5,
    "input_to_output": True,
    "pointwise_output": False,
    "dilations": [1, 2, 3],
    "channels": [2, 3],
    "latent": 5,
    "hidden": 4,
    "max_radius": 14,
    "parameters": [100, 100000],
    "cell": 2,
}


def drawn(member: int = 0, dimensions: int = 2, **changes: Any) -> Architecture:
    asked = GraphSettings(**(SETTINGS | changes))
    return draw(asked, seed=3, member=member, dimensions=dimensions, in_channels=2, out_channels=2)


def network_of(architecture: Architecture, seed: int = 0) -> MemberNetwork:
    network = engine.build_network(architecture)
    network.initialise(torch.Generator().manual_seed(seed))
    assert isinstance(network, MemberNetwork)
    return network


def image_of(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))
