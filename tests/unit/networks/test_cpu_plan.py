"""A graph as a list of convolutions: every channel written once, after what it reads, and every weight in its place."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.networks.cpu_plan import Plan
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.quantile_network import SLOPE
from tests.unit.learning_files import draw_small

graphs = st.builds(
    draw_small,
    dimensions=st.integers(2, 3),
    image_channels=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    depth=st.integers(1, 7),
    input_to_output=st.booleans(),
    pointwise_output=st.booleans(),
    max_radius=st.just(20),
)


@settings(max_examples=60, deadline=None)
@given(graphs)
def test_every_channel_is_written_once_after_everything_that_it_reads(architecture) -> None:  # type: ignore[no-untyped-def]
    plan = Plan(architecture)
    written = np.zeros(plan.channels, dtype=int)
    written[: plan.inputs] = 1
    assert sorted(plan.order) == list(range(len(plan.convolutions)))
    assert plan.blocks[0] == 0 and plan.blocks[-1] == len(plan.order) and (np.diff(plan.blocks) > 0).all()
    for first, last in zip(plan.blocks[:-2], plan.blocks[1:-1], strict=True):
        block = [plan.convolutions[e] for e in plan.order[first:last]]
        # Of one block, all read the same node, which no other of them writes.
        assert len({convolution.source for convolution in block}) == 1
        for convolution in block:
            assert (written[convolution.source : convolution.source + convolution.inputs] == 1).all()
        for convolution in block:
            written[convolution.target : convolution.target + convolution.outputs] += 1
    for e in plan.order[plan.blocks[-2] :]:
        convolution = plan.convolutions[e]
        assert convolution.dilation == 0
        assert (written[convolution.source : convolution.source + convolution.inputs] == 1).all()
        written[convolution.target : convolution.target + convolution.outputs] += 1
    assert (written == 1).all()
    assert (plan.slopes[:-3] == np.float32(SLOPE)).all() and (plan.slopes[-3:] == 1).all()


@settings(max_examples=40, deadline=None)
@given(graphs)
def test_every_parameter_has_its_place_once_and_all_else_is_zero(architecture) -> None:  # type: ignore[no-untyped-def]
    plan = Plan(architecture)
    parameters = list(MemberNetwork(architecture).parameters())
    count = sum(parameter.numel() for parameter in parameters)
    kernels = torch.cat([torch.full(p.shape, p.dim() > 1).flatten() for p in parameters]).numpy()
    for places in (plan.places.weights, plan.places.mirrored):
        assert (np.sort(places[places < count]) == np.flatnonzero(kernels)).all()
        assert (places <= count).all()
    biases = plan.places.biases
    # A node with several edges has a bias for each of its channels as well: those of the edges, side by side.
    assert len(biases) == plan.channels and (biases[: plan.inputs] == count).all()
    assert (np.sort(biases[plan.inputs :]) == np.flatnonzero(~kernels)).all()


def test_the_plan_of_a_graph_is_made_once_and_its_tables_follow_the_extent() -> None:
    architecture = draw_small(seed=3)
    plan = Plan.of(architecture)
    assert Plan.of(draw_small(seed=3)) is plan and Plan.of(draw_small(seed=4)) is not plan
    tables = plan.tables((8, 9))
    assert plan.tables(torch.Size((8, 9))) is tables
    assert tables.weights == len(plan.places.weights) and len(tables.forward) == len(plan.convolutions)
    assert plan.tables((9, 8)).layout.spatial == (9, 8)
