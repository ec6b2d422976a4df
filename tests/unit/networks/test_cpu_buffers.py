"""Buffers used again hold nothing of their past."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.networks import engine
from noisebound.networks.cpu_buffers import BUFFERS, Buffers
from noisebound.networks.cpu_layout import Layout
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


spatials = st.sampled_from([(4, 5), (9, 3), (2, 3, 4)])
# Images, channels, extent and pad of one use of a buffer.
uses = st.tuples(st.integers(1, 3), st.integers(1, 5), spatials, st.integers(1, 3))


@settings(max_examples=50, deadline=None)
@given(st.lists(uses, min_size=2, max_size=8))
def test_a_borrowed_buffer_is_zero_wherever_there_is_no_pixel(
    drawn: list[tuple[int, int, tuple[int, ...], int]],
) -> None:
    buffers = Buffers()
    for images, channels, spatial, pad in drawn:
        layout = Layout.of(spatial, pad)
        buffer = buffers.borrow(images, channels, layout)
        assert buffer.shape == (images, channels, layout.length)
        assert (buffer[..., layout.inside == 0] == 0).all()
        layout.pixels(buffer).fill_(torch.nan)  # as a use may leave it
        buffers.give_back(buffer, layout)
        assert len(buffers.free) == 1


def test_the_largest_buffer_is_kept_and_one_that_is_out_is_nobody_else_s() -> None:
    buffers, layout = Buffers(), Layout.of((6, 7), 2)
    small, large = buffers.borrow(1, 2, layout), buffers.borrow(1, 9, layout)
    assert small.untyped_storage().data_ptr() != large.untyped_storage().data_ptr()
    place = large.untyped_storage().data_ptr()
    buffers.give_back(large, layout)
    buffers.give_back(small, layout)
    assert buffers.borrow(2, 4, layout).untyped_storage().data_ptr() == place


def test_the_scratch_array_grows_and_is_the_same_for_all() -> None:
    buffers, layout = Buffers(), Layout.of((6, 7), 2)
    first = buffers.scratch(5, layout)
    first[:] = 3
    smaller = buffers.scratch(2, layout)
    assert smaller.shape == (2, layout.length) and (smaller == 3).all()
    assert buffers.scratch(50, layout).shape == (50, layout.length)
