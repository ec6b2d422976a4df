"""Averaged weights: the recursion, what they forget, and their names."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from noisebound.networks.quantile_network import join_parameters
from noisebound.training.averaging import AveragedWeights


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.Conv2d(3, 1, 1))


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.99])
def test_it_is_the_moving_average_of_the_weights(decay: float) -> None:
    random = np.random.default_rng(1)
    module = network()
    averaged = AveragedWeights(module, join_parameters(module), decay)
    expected = averaged.vector.double().numpy().copy()
    for step in range(1, 60):
        weights = random.normal(size=len(expected))
        averaged.update(torch.from_numpy(weights.astype(np.float32)), step)
        keep = min(decay, step / (step + 10))
        expected = keep * expected + (1 - keep) * weights
    np.testing.assert_allclose(averaged.vector.numpy(), expected, rtol=1e-4, atol=1e-5)


def test_the_first_weights_are_forgotten_early_whatever_the_decay() -> None:
    """A plain average of this decay would still hold 90 % of them after 100 steps."""
    module = network()
    vector = join_parameters(module)
    averaged = AveragedWeights(module, torch.ones_like(vector), decay=0.999)
    for step in range(1, 101):
        averaged.update(torch.zeros_like(vector), step)
    assert 0 <= float(averaged.vector.max()) < 1e-9


def test_parts_are_copies_under_the_names_of_the_network() -> None:
    module = network()
    vector = join_parameters(module)
    averaged = AveragedWeights(module, vector, 0.9)
    parts = averaged.by_name()
    assert list(parts) == list(module.state_dict())
    for name, value in module.state_dict().items():
        assert torch.equal(parts[name], value)
    averaged.update(torch.zeros_like(vector), 1)
    with torch.no_grad():
        vector.zero_()
    assert all(part.any() for part in parts.values())
