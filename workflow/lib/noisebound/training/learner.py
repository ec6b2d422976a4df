"""A network in training: its weights, their optimiser and their average, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..architecture.base import Blueprint
from ..networks import engine
from ..networks.precision import mixed_precision
from ..networks.quantile_network import QuantileNetwork
from .averaging import AveragedWeights
from .optimiser import KernelOptimiser
from .patches import PatchSampler, check_patch
from .role_images import RoleImages
from .settings import TrainingSettings


class Learner:
    """A network with random first weights, and what changes them.

    Parameters
    ----------
    architecture
        What to train.
    images
        Images to learn from.
    settings
        The section ``training``.
    seed
        Seed of the run. Weights and patches are drawn from ``SeedSequence(seed, spawn_key=(member, 1))``.
    device
        Where to compute.

    Raises
    ------
    InputError
        Where the patch does not fit the rim or the alignment of the network (see ``patches.check_patch``).
    """

    def __init__(
        self,
        architecture: Blueprint,
        images: Sequence[RoleImages],
        settings: TrainingSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings, self.device = settings, device
        self.levels = (float(settings.levels[0]), 0.5, float(settings.levels[1]))
        self.sampler = PatchSampler(images, settings.patch, _rim(architecture, settings))
        # Other random numbers than those of the architecture, whose key is (member,).
        entropy = np.random.SeedSequence(seed, spawn_key=(architecture.member, 1)).generate_state(1, np.uint64)[0]
        self.generator = torch.Generator().manual_seed(int(entropy) % 2**63)
        self.network = engine.build_network(architecture)
        self.network.initialise(self.generator)
        self.network.to(device)
        self.optimiser = KernelOptimiser(
            self.network,
            weight_decay=float(settings.weight_decay),
            kernel_rate=float(settings.kernel_rate),
            clip=float(settings.clip),
        )
        self.averaged = AveragedWeights(self.network, self.optimiser.vector, float(settings.averaging))

    def learn(self, step: int, rate: float) -> float:
        """Change the weights by one step on a random batch.

        Parameters
        ----------
        step
            Number of the step, from 1.
        rate
            Learning rate of AdamW.

        Returns
        -------
        float
            The loss before the step, in units of the normalised target.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.sampler.batch(self.settings.batch, self.generator)
        noisy, target, mask = (part.to(self.device) for part in batch)
        with mixed_precision(self.settings.precision, self.device):
            loss = engine.loss(self.network, noisy, target, self.levels, mask)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.averaged.update(self.optimiser.vector, step)
        return float(loss.detach())

    def averaged_network(self) -> QuantileNetwork:
        """Make a network with the averaged weights, ready to predict."""
        network = engine.build_network(self.network.architecture).to(self.device)
        network.load_state_dict(self.averaged.by_name())
        return network.eval()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from the state of a trainer.

        Parameters
        ----------
        state
            What ``Trainer.state`` returned.
        """
        self.network.load_state_dict(state["network"])
        self.averaged.vector = state["averaged"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())


def _rim(architecture: Blueprint, settings: TrainingSettings) -> list[int]:
    """Width of the rim of a patch (px per axis) whose pixels do not count in the loss.

    Where ``settings.rim`` is narrower than the receptive radius, more pixels of a patch count, and those near its
    border see less context: zeros instead of what lies outside. Pixels of other roles stay unseen either way.
    """
    radius = architecture.radius()
    rim = [radius if settings.rim is None else min(settings.rim, radius)] * architecture.dimensions
    check_patch(settings.patch, rim, architecture.alignment)
    return rim
