"""The training loop of one network: random patches, a one-cycle schedule, averaged weights, the best step."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..architecture.base import Blueprint
from ..core.errors import InputError
from ..networks import engine
from ..networks.precision import mixed_precision
from .averaging import AveragedWeights
from .history import HISTORY_COLUMNS
from .optimiser import KernelOptimiser
from .patches import PatchSampler, RoleImages, check_patch
from .schedule import one_cycle
from .select_loss import select_loss
from .settings import TrainingSettings

logger = logging.getLogger("noisebound")
# Attributes of a trainer that are plain values; a checkpoint holds them as JSON.
PROGRESS = ("step", "best_loss", "best_step", "running_loss", "seconds", "history")


class Trainer:
    """The state of one training. The weights that are compared and kept are the averaged ones.

    Parameters
    ----------
    architecture
        What to train.
    train, select
        Images to learn from, and images on which the best step is chosen; without the latter, it is the last.
    settings
        The section ``training``.
    seed
        Seed of the run; the generator is that of ``SeedSequence(seed, spawn_key=(member, 1))``.
    device
        Where to compute.

    Raises
    ------
    InputError
        Where the patch is too small for the network.
    """

    def __init__(
        self,
        architecture: Blueprint,
        train: Sequence[RoleImages],
        select: Sequence[RoleImages],
        settings: TrainingSettings,
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings, self.device, self.select_images = settings, device, list(select)
        self.levels = (float(settings.levels[0]), 0.5, float(settings.levels[1]))
        self.sampler = PatchSampler(train, settings.patch, _rim(architecture, settings))
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
        self.best = self.averaged.by_name()
        self.step = 0
        self.best_loss = math.inf
        self.best_step = 0
        self.running_loss = 0.0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    def state(self) -> dict[str, Any]:
        """Everything that another process needs to continue to the same weights; tensors and plain values only."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.vector,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "progress": json.dumps({name: getattr(self, name) for name in PROGRESS}),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from :meth:`state`."""
        self.network.load_state_dict(state["network"])
        self.averaged.vector = state["averaged"]
        self.best = dict(state["best"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())
        for name, value in json.loads(state["progress"]).items():
            setattr(self, name, value)

    @property
    def finished(self) -> bool:
        """Whether the last step is done, or the last ``patience`` measurements of the select loss were no better."""
        patience = self.settings.patience * self.settings.select_every
        stalled = bool(self.select_images) and self.step - self.best_step >= patience
        return self.step >= self.settings.steps or (stalled and self.best_step > 0)

    def advance(self) -> None:
        """Take one optimiser step; after every ``select_every``-th and the last, measure the select loss.

        Raises
        ------
        InputError
            Where the loss is no longer finite.
        """
        start = time.monotonic()
        rate = one_cycle(self.step, self.settings.steps, float(self.settings.learning_rate))
        loss = self._learn(rate)
        self.step += 1
        self.averaged.update(self.optimiser.vector, self.step)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise InputError(
                f"the loss is {value} at step {self.step} of {self.settings.steps}: the training has diverged",
                key="training.learning_rate",
                value=self.settings.learning_rate,
                remedy="lower it, or lower training.clip",
            )
        self.running_loss = value if self.step == 1 else 0.95 * self.running_loss + 0.05 * value
        self.seconds += time.monotonic() - start
        if self.step % self.settings.select_every == 0 or self.step == self.settings.steps:
            self._keep_best(rate)

    def _learn(self, rate: float) -> Tensor:
        """Change the weights by one step on a random batch; returns the loss before it."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.sampler.batch(self.settings.batch, self.generator)
        noisy, target, mask = (part.to(self.device) for part in batch)
        with mixed_precision(self.settings.precision, self.device):
            loss = engine.loss(self.network, noisy, target, self.levels, mask)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss

    def _keep_best(self, rate: float) -> None:
        """Measure the select loss, keep the averaged weights where it is the smallest so far, and note a row."""
        start = time.monotonic()
        loss = self.select_loss() if self.select_images else math.nan
        best = not self.select_images or loss < self.best_loss
        if best:
            self.best_loss, self.best_step = loss, self.step
            self.best = self.averaged.by_name()
        self.seconds += time.monotonic() - start
        row = (self.step, rate, self.running_loss, loss, round(self.seconds, 3), str(self.device), int(best))
        self.history.append(dict(zip(HISTORY_COLUMNS, row, strict=True)))
        logger.info(
            "step %d of %d: train loss %.4f, select loss %.4f%s, %.1f s",
            self.step,
            self.settings.steps,
            self.running_loss,
            loss,
            " (best)" if best else "",
            self.seconds,
        )

    def select_loss(self) -> float:
        """Quantile loss of the averaged weights over all select pixels and frames."""
        network = engine.build_network(self.network.architecture).to(self.device)
        network.load_state_dict(self.averaged.by_name())
        network.eval()
        return select_loss(network, self.select_images, self.levels)


def _rim(architecture: Blueprint, settings: TrainingSettings) -> list[int]:
    """Width of the rim of a patch (px per axis) whose pixels do not count.

    With a rim narrower than the receptive radius, pixels that see the zeros around the patch count as well: more of a
    patch teaches, with less context. Pixels of other roles stay unseen either way.
    """
    radius = architecture.radius()
    rim = [radius if settings.rim is None else min(settings.rim, radius)] * architecture.dimensions
    check_patch(settings.patch, rim, architecture.alignment)
    return rim
