"""Compiled loops: gradients as exact as those of torch, steps that do not disturb each other."""

from __future__ import annotations

import pytest
import torch

from noisebound.networks import engine
from tests.unit.networks.engines import SHAPES, gradients_of, graph_network


@pytest.mark.parametrize(("shape", "seed"), SHAPES)
def test_gradients_of_the_loops_agree_with_double_precision_as_well_as_those_of_torch(
    shape: tuple[int, ...], seed: int
) -> None:
    network = graph_network(len(shape), seed, 4, [1, 3], True)
    image = torch.randn((2, 2, *shape), generator=torch.Generator().manual_seed(seed))
    fast = gradients_of(network, engine.quantiles(network, image), [], seed)
    plain = gradients_of(network, network(image), [], seed)
    network.double()
    exact = gradients_of(network, network(image.double()), [], seed)
    for actual, torch_own, expected in zip(fast, plain, exact, strict=True):
        error, usual = ((g.double() - expected).norm() / expected.norm() for g in (actual, torch_own))
        assert error < max(1e-5, 3 * usual)


def test_a_second_step_before_the_first_one_s_gradients_disturbs_neither() -> None:
    network = graph_network(2, 7, 4, [1, 2], True)
    images = [torch.randn((2, 2, 16, 18), generator=torch.Generator().manual_seed(k)) for k in (1, 2)]
    alone = [gradients_of(network, engine.quantiles(network, image), [], 1) for image in images]
    both = [engine.quantiles(network, image) for image in images]
    for quantiles, expected in zip(both, alone, strict=True):
        for actual, wanted in zip(gradients_of(network, quantiles, [], 1), expected, strict=True):
            torch.testing.assert_close(actual, wanted, rtol=0, atol=0)


def test_outputs_of_a_training_step_stay_when_its_buffer_is_used_again() -> None:
    network = graph_network(2, 7, 4, [1, 2], True)
    first, second = (torch.randn((1, 2, 16, 18), generator=torch.Generator().manual_seed(k)) for k in (1, 2))
    quantiles = engine.quantiles(network, first)
    before = [quantile.detach().clone() for quantile in quantiles]
    total = torch.stack([quantile.sum() for quantile in quantiles]).sum()
    total.backward(retain_graph=True)
    engine.predict(network, second)
    for now, then in zip(quantiles, before, strict=True):
        torch.testing.assert_close(now.detach(), then, rtol=0, atol=0)
    with pytest.raises(RuntimeError, match="once"):
        total.backward()
