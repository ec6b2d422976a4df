"""All networks: quantiles never cross, weights come from the generator, parameters are one vector."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.quantile_network import join_parameters
from tests.unit.learning_files import (
    draw_small,
)
from tests.unit.networks.graphs import cases, drawn, make_network, network_of


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.01, 1.0, 100.0]), st.sampled_from([0.1, 10.0, 1e4]), st.integers(2, 3))
def test_quantiles_never_cross(seed: int, weights: float, inputs: float, dimensions: int) -> None:
    network = make_network(dimensions, seed)
    for parameter in network.parameters():
        parameter.data.mul_(weights)
    generator = torch.Generator().manual_seed(seed)
    image = inputs * torch.randn((2, 2, *(7,) * dimensions), generator=generator)
    with torch.no_grad():
        lower, median, upper = network(image)
    assert (lower <= median).all() and (median <= upper).all()
    assert lower.shape == median.shape == upper.shape == image.shape


@cases
def test_the_outer_quantiles_follow_the_median_without_pulling_it(dimensions: int, seed: int) -> None:
    network = make_network(dimensions, seed)
    image = torch.randn((1, 2, *(7,) * dimensions), generator=torch.Generator().manual_seed(seed))
    shift = torch.tensor([3.0, -2.0]).reshape(2, *(1,) * dimensions)
    before = network(image)
    outer = before[0].sum() + before[2].sum()
    gradients = torch.autograd.grad(outer, list(network.heads[0].parameters()), allow_unused=True)
    assert all(gradient is None or not gradient.any() for gradient in gradients)
    network.heads[0][-1].bias.data.add_(shift.flatten())
    for one, other in zip(before, network(image), strict=True):
        torch.testing.assert_close(other, one + shift, rtol=1e-5, atol=1e-5)


def test_initial_weights_come_from_the_generator_alone() -> None:
    def weights(global_seed: int, seed: int) -> torch.Tensor:
        torch.manual_seed(global_seed)
        network = MemberNetwork(draw_small(seed=1))
        network.initialise(torch.Generator().manual_seed(seed))
        return torch.cat([parameter.flatten() for parameter in network.parameters()])

    assert torch.equal(weights(1, 5), weights(2, 5))
    assert not torch.equal(weights(1, 5), weights(1, 6))


def test_what_changes_the_vector_of_parameters_changes_the_network() -> None:
    network = network_of(drawn(dimensions=2))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        join_parameters(network).mul_(2)
    for name, value in network.state_dict().items():
        assert torch.equal(value, 2 * before[name]), name
    network.load_state_dict(before)
    assert network.vector is not None
    assert torch.equal(network.vector.detach(), torch.cat([value.flatten() for value in before.values()]))
