"""How images lie in rows, what is computed of them, and that buffers used again hold nothing of their past."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.networks import engine
from noisebound.networks.cpu_buffers import BUFFERS
from noisebound.networks.cpu_layout import Layout
from noisebound.networks.graph_network import MemberNetwork
from tests.unit.learning_files import draw_small, give_weights

extents = st.lists(st.integers(1, 40), min_size=2, max_size=3).map(tuple)


@settings(max_examples=150, deadline=None)
@given(extents, st.integers(1, 12))
def test_runs_reach_every_pixel_once_and_no_tap_leaves_the_row(spatial: tuple[int, ...], pad: int) -> None:
    layout = Layout.of(spatial, pad)
    times = np.zeros(layout.length, dtype=int)
    for first, size in layout.runs:
        times[first : first + size] += 1
        assert first + layout.shifts(pad).min() >= 0
        assert first + size + layout.shifts(pad).max() <= layout.length
    assert (times[layout.inside > 0] == 1).all()
    assert times.max() == 1  # a position computed twice would count twice in the gradient


def test_runs_leave_out_what_lies_between_distant_slices() -> None:
    layout, pixels = Layout.of((32, 32, 32), 10), 32**3
    assert layout.runs[:, 1].sum() < 1.35 * pixels  # with the zeros between slices, 1.72
    assert math.prod(extent + 10 for extent in layout.spatial[1:]) * 32 > 1.7 * pixels


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
