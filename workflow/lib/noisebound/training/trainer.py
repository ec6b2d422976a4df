"""The training loop: a one-cycle schedule, the select loss, the best step, and when to stop."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..architecture.base import Blueprint
from ..core.errors import InputError
from .history import HISTORY_COLUMNS
from .learner import Learner
from .role_images import RoleImages
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
    train
        Images to learn from.
    select
        Images on which the best step is chosen; without any, the last step is kept.
    settings, seed, device
        As for ``learner.Learner``.

    Attributes
    ----------
    best : dict of Tensor
        The weights of the best step, by the names of the network's parameters.
    step, best_step : int
        Number of steps taken, and the best step, counted from 1.
    history : list of dict
        One row per measurement of the select loss, with the keys ``HISTORY_COLUMNS``.

    Raises
    ------
    InputError
        As ``learner.Learner``.
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
        self.architecture, self.settings, self.device = architecture, settings, device
        self.select_images = list(select)
        self.learner = Learner(architecture, train, settings, seed, device)
        self.best = self.learner.averaged.by_name()
        self.step = 0
        self.best_loss = math.inf
        self.best_step = 0
        self.running_loss = 0.0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    def state(self) -> dict[str, Any]:
        """Return everything that another process needs to continue to the same weights.

        Returns
        -------
        dict
            Tensors and plain values only.
        """
        return {
            "network": self.learner.network.state_dict(),
            "averaged": self.learner.averaged.vector,
            "best": self.best,
            "optimiser": self.learner.optimiser.state_dict(),
            "generator": self.learner.generator.get_state(),
            "progress": json.dumps({name: getattr(self, name) for name in PROGRESS}),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a state.

        Parameters
        ----------
        state
            What :meth:`state` returned.
        """
        self.learner.restore(state)
        self.best = dict(state["best"])
        for name, value in json.loads(state["progress"]).items():
            setattr(self, name, value)

    @property
    def finished(self) -> bool:
        """Whether the last step is done, or the last ``patience`` measurements of the select loss were no better."""
        patience = self.settings.patience * self.settings.select_every
        stalled = bool(self.select_images) and self.step - self.best_step >= patience
        return self.step >= self.settings.steps or (stalled and self.best_step > 0)

    def advance(self) -> None:
        """Take one optimiser step. After every ``select_every``-th step and after the last, measure the select loss.

        Raises
        ------
        InputError
            Where the loss is no longer finite.
        """
        start = time.monotonic()
        rate = one_cycle(self.step, self.settings.steps, float(self.settings.learning_rate))
        self.step += 1
        loss = self.learner.learn(self.step, rate)
        if not math.isfinite(loss):
            raise InputError(
                f"the loss is {loss} at step {self.step} of {self.settings.steps}: the training has diverged",
                key="training.learning_rate",
                value=self.settings.learning_rate,
                remedy="lower it, or lower training.clip",
            )
        self.running_loss = loss if self.step == 1 else 0.95 * self.running_loss + 0.05 * loss
        self.seconds += time.monotonic() - start
        if self.step % self.settings.select_every == 0 or self.step == self.settings.steps:
            self._keep_best(rate)

    def _keep_best(self, rate: float) -> None:
        """Measure the select loss, keep the averaged weights if it is the smallest yet, and add a row to the history.

        Without select images, the averaged weights are always kept.
        """
        start = time.monotonic()
        loss = self.select_loss() if self.select_images else math.nan
        best = not self.select_images or loss < self.best_loss
        if best:
            self.best_loss, self.best_step = loss, self.step
            self.best = self.learner.averaged.by_name()
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
        """Measure the quantile loss of the averaged weights over all select pixels and frames.

        Returns
        -------
        float
            As ``select_loss.select_loss``.
        """
        return select_loss(self.learner.averaged_network(), self.select_images, self.learner.levels)
