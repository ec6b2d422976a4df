"""The training loop of one network: random patches, a one-cycle schedule, averaged weights, the select loss."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..architecture.base import Blueprint
from ..core.errors import InputError
from ..core.tables import write_table
from ..geometry.tiling import DEFAULT_TILE, tiles
from ..networks import engine
from ..networks.losses import quantile_loss
from ..networks.precision import mixed_precision
from .optimiser import KernelOptimiser
from .patches import PatchSampler, RoleImages, check_patch

logger = logging.getLogger("noisebound")
HISTORY_COLUMNS = ("step", "learning_rate", "train_loss", "select_loss", "seconds", "device", "best")
WARM_UP = 0.2  # share of the steps in which the learning rate rises


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Learning rate at ``step`` of ``steps``: a cosine rise to ``peak``, then a cosine fall towards zero.

    Source: Smith and Topin, arXiv:1708.07120, with cosine annealing on both sides.
    """
    rise = max(1, int(WARM_UP * steps))
    if step < rise:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * step / rise)) / 2)
    return peak * (0.002 + 0.998 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2)


class Trainer:
    """The state of one training: network, averaged weights, optimiser, generator, best weights and history.

    The weights that are judged and kept are an exponential moving average over the steps, which a one-cycle schedule
    still improves, and which makes the choice of the last step matter less.
    """

    def __init__(
        self,
        architecture: Blueprint,
        train: Sequence[RoleImages],
        select: Sequence[RoleImages],
        settings: Mapping[str, Any],
        seed: int,
        device: torch.device,
    ) -> None:
        self.settings = dict(settings)
        self.levels = (float(settings["levels"][0]), 0.5, float(settings["levels"][1]))
        self.radius = [architecture.radius()] * architecture.dimensions
        self.patch = tuple(int(size) for size in settings["patch"])
        # A rim narrower than the receptive radius lets pixels count that see the zeros around the patch: more of a
        # patch teaches, at the price of a truncated context. What is held out stays out of sight either way.
        rim = settings.get("rim")
        self.rim = self.radius if rim is None else [min(int(rim), radius) for radius in self.radius]
        check_patch(self.patch, self.rim, architecture.alignment)
        self.device = device
        self.sampler, self.select_images = PatchSampler(train, self.patch, self.rim), list(select)
        # spawn_key (member, 1): apart from the architecture's own stream, which is (member,).
        entropy = np.random.SeedSequence(seed, spawn_key=(architecture.member, 1)).generate_state(1, np.uint64)[0]
        self.generator = torch.Generator().manual_seed(int(entropy) % 2**63)
        self.network = engine.build_network(architecture)
        self.network.initialise(self.generator)
        self.network.to(device)
        self.optimiser = KernelOptimiser(
            self.network,
            weight_decay=float(settings["weight_decay"]),
            kernel_rate=float(settings["kernel_rate"]),
            clip=float(settings["clip"]),
        )
        self.averaged = self.optimiser.vector.detach().clone()
        self.best = self._averaged_weights()
        self.step = 0
        self.best_loss = math.inf
        self.best_step = 0
        self.running_loss = 0.0
        self.seconds = 0.0
        self.history: list[dict[str, Any]] = []

    def state(self) -> dict[str, Any]:
        """Everything a later process needs to continue as if it had never stopped; tensors and plain values only."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "progress": json.dumps(
                {
                    "step": self.step,
                    "best_loss": self.best_loss,
                    "best_step": self.best_step,
                    "running_loss": self.running_loss,
                    "seconds": self.seconds,
                    "history": self.history,
                }
            ),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from :meth:`state`."""
        self.network.load_state_dict(state["network"])
        self.averaged = state["averaged"]
        self.best = dict(state["best"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())
        for name, value in json.loads(state["progress"]).items():
            setattr(self, name, value)

    @property
    def finished(self) -> bool:
        """True after the last step, or when the select loss has not improved for ``patience`` checks."""
        patience = int(self.settings["patience"]) * int(self.settings["select_every"])
        stalled = bool(self.select_images) and self.step - self.best_step >= patience
        return self.step >= int(self.settings["steps"]) or (stalled and self.best_step > 0)

    def advance(self) -> None:
        """One optimiser step, and at every ``select_every``-th (and the last) the select loss."""
        start = time.monotonic()
        rate = one_cycle(self.step, int(self.settings["steps"]), float(self.settings["learning_rate"]))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.sampler.batch(int(self.settings["batch"]), self.generator)
        noisy, target, mask = (part.to(self.device) for part in batch)
        with mixed_precision(str(self.settings["precision"]), self.device):
            loss = engine.loss(self.network, noisy, target, self.levels, mask)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.step += 1
        # The average forgets faster at the start, so that it never remembers the random initial weights.
        keep = min(float(self.settings["averaging"]), self.step / (self.step + 10))
        self.averaged.lerp_(self.optimiser.vector.detach(), 1 - keep)
        every = int(self.settings["select_every"])
        value = float(loss.detach())
        if not math.isfinite(value):
            raise InputError(
                f"the loss is {value} at step {self.step} of {self.settings['steps']}: the training has diverged",
                key="training.learning_rate",
                value=self.settings["learning_rate"],
                remedy="lower it, or lower training.clip",
            )
        self.running_loss = value if self.step == 1 else 0.95 * self.running_loss + 0.05 * value
        self.seconds += time.monotonic() - start
        if self.step % every == 0 or self.step == int(self.settings["steps"]):
            self._judge(rate)

    def _judge(self, rate: float) -> None:
        start = time.monotonic()
        select_loss = self.select_loss() if self.select_images else math.nan
        best = not self.select_images or select_loss < self.best_loss
        if best:
            self.best_loss, self.best_step = select_loss, self.step
            self.best = self._averaged_weights()
        self.seconds += time.monotonic() - start
        row = (self.step, rate, self.running_loss, select_loss, round(self.seconds, 3), str(self.device), int(best))
        self.history.append(dict(zip(HISTORY_COLUMNS, row, strict=True)))
        logger.info(
            "step %d of %d: train loss %.4f, select loss %.4f%s, %.1f s",
            self.step,
            int(self.settings["steps"]),
            self.running_loss,
            select_loss,
            " (best)" if best else "",
            self.seconds,
        )

    def _averaged_weights(self) -> dict[str, Tensor]:
        """The averaged weights by their names in the network, apart from the vector."""
        parameters = dict(self.network.named_parameters())
        parts = self.averaged.split([parameter.numel() for parameter in parameters.values()])
        return {name: part.clone().view(p.shape) for (name, p), part in zip(parameters.items(), parts, strict=True)}

    @torch.no_grad()
    def select_loss(self) -> float:
        """Quantile loss of the averaged weights over all select pixels and frames."""
        network = engine.build_network(self.network.architecture).to(self.device)
        network.load_state_dict(self._averaged_weights())
        network.eval()
        total, pixels = 0.0, 0
        for images in self.select_images:
            cuts = tiles(
                images.mask.shape, DEFAULT_TILE[len(self.radius)], self.radius, self.network.architecture.alignment
            )
            for cut in cuts:
                # Boxes may lie far apart: what lies between them, and the rim, is not looked at.
                mask = torch.zeros_like(images.mask)
                mask[cut.keep] = images.mask[cut.keep]
                mask = mask[cut.read][None, None]
                count = int(mask.sum())
                if not count:
                    continue
                window = (slice(None), *cut.read)
                for frame in range(images.noisy.shape[0]):
                    noisy = images.noisy[frame][window][None].to(self.device)
                    target = images.target[frame % images.target.shape[0]][window][None].to(self.device)
                    _, quantiles = engine.predict(network, noisy)
                    loss = quantile_loss(quantiles, target, self.levels, mask.to(self.device))
                    total += float(loss) * count
                    pixels += count
        return total / pixels


def write_history(path: str | Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the loss curves as CSV with the columns of ``HISTORY_COLUMNS``."""
    write_table(path, HISTORY_COLUMNS, ([row[column] for column in HISTORY_COLUMNS] for row in rows), digits=None)
