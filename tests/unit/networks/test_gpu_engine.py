"""Merged convolutions: the same gradients as the plain network, every edge once."""

from __future__ import annotations

import pytest
import torch

from noisebound.architecture.random_graph import Edge
from noisebound.networks import gpu_engine
from tests.unit.learning_files import (
    draw_small,
)
from tests.unit.networks.engines import SHAPES, gradients_of, graph_network


@pytest.mark.parametrize(("shape", "seed"), SHAPES)
def test_merged_gradients_agree_for_every_parameter_and_for_the_input(shape: tuple[int, ...], seed: int) -> None:
    network = graph_network(len(shape), seed, 4, [1, 3], True).double()
    image = torch.randn((2, 2, *shape), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    image.requires_grad_()
    fast = gradients_of(network, gpu_engine.predict(network, image)[1], [image], seed)
    plain = gradients_of(network, network(image), [image], seed)
    for actual, expected in zip(fast, plain, strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9 * float(expected.abs().max()))


def test_bundles_hold_every_edge_once_and_only_what_one_convolution_can_do() -> None:
    edges = draw_small(depth=6, seed=3, max_radius=20).edges
    bundles = gpu_engine.bundle_edges(edges)
    assert sorted((e for bundle in bundles for e in bundle), key=repr) == sorted(edges, key=repr)
    assert all(len({(e.source, e.dilation) for e in bundle}) == 1 for bundle in bundles)
    assert [bundle[0].source for bundle in bundles] == sorted(bundle[0].source for bundle in bundles)
    same = (Edge(0, 1, 2, 4), Edge(0, 2, 2, 3), Edge(0, 3, 1, 3))
    assert len(gpu_engine.bundle_edges(same)) == 2
