"""A network that learns: the same from the same seed, the loss before the step, the averaged weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError
from noisebound.networks import engine
from noisebound.training.learner import Learner
from noisebound.training.patches import PatchSampler
from noisebound.training.settings import TrainingSettings
from tests.unit.learning_files import TRAINING, draw_small
from tests.unit.training.role_pixels import role_images

CPU = torch.device("cpu")
IMAGES = [role_images((40, 44), [((6, 6), (34, 38))], frames=2)]


def graph(member: int = 0) -> Architecture:
    return draw_small(image_channels=2, seed=1, member=member)


def make(seed: int = 3, member: int = 0, **changes: Any) -> Learner:
    return Learner(graph(member), IMAGES, TrainingSettings(**TRAINING | changes), seed, CPU)


def test_weights_and_patches_follow_from_seed_and_member() -> None:
    torch.manual_seed(1)
    one = make()
    torch.manual_seed(2)
    two = make()
    assert [one.learn(k, 0.01) for k in (1, 2, 3)] == [two.learn(k, 0.01) for k in (1, 2, 3)]
    assert torch.equal(one.optimiser.vector, two.optimiser.vector)
    assert not torch.equal(make(seed=4).optimiser.vector, make().optimiser.vector)
    # The same architecture under another number: other first weights.
    other = Learner(Architecture(**{**graph().__dict__, "member": 1}), IMAGES, make().settings, 3, CPU)
    assert not torch.equal(other.optimiser.vector, make().optimiser.vector)


def test_the_loss_is_that_of_the_batch_before_the_step() -> None:
    learner = make()
    generator = torch.Generator()
    generator.set_state(learner.generator.get_state())
    network = engine.build_network(graph())
    network.load_state_dict({name: value.clone() for name, value in learner.network.state_dict().items()})
    noisy, target, mask = learner.sampler.batch(TRAINING["batch"], generator)
    expected = float(engine.loss(network, noisy, target, (0.05, 0.5, 0.95), mask).detach())
    assert learner.learn(1, 0.01) == pytest.approx(expected, rel=1e-6)


def test_steps_lower_the_loss_and_a_rate_of_zero_changes_nothing() -> None:
    learner = make()
    before = learner.optimiser.vector.detach().clone()
    learner.learn(1, 0.0)
    assert torch.equal(learner.optimiser.vector, before)
    losses = [learner.learn(k, 0.02) for k in range(2, 60)]
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])


def test_the_averaged_network_has_the_averaged_weights() -> None:
    learner = make(averaging=0.9)
    for k in range(1, 6):
        learner.learn(k, 0.02)
    network = learner.averaged_network()
    assert not network.training
    weights = torch.cat([parameter.flatten() for parameter in network.parameters()])
    assert torch.equal(weights, learner.averaged.vector)
    assert not torch.equal(weights, learner.optimiser.vector.detach())


@pytest.mark.parametrize(("rim", "expected"), [(None, "radius"), (2, 2), (99, "radius"), (0, 0)])
def test_the_rim_is_never_wider_than_the_receptive_radius(rim: int | None, expected: int | str) -> None:
    sampler: PatchSampler = make(rim=rim).sampler
    assert sampler.radius == ((graph().radius() if expected == "radius" else expected),) * 2


def test_a_patch_without_room_for_a_pixel_is_refused_and_a_narrow_rim_makes_room() -> None:
    patch = [2 * graph().radius()] * 2
    with pytest.raises(InputError, match=r"'training\.patch'"):
        make(patch=patch)
    assert make(patch=patch, rim=1).learn(1, 0.01) > 0
