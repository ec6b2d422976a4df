"""One member of noisebound on the synthetic images: drawn, trained and applied on one core."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from noisebound.architecture.base import Blueprint
from noisebound.architecture.random_graph import draw
from noisebound.architecture.settings import UNetSettings, architecture_settings
from noisebound.architecture.unet import plan_unet
from noisebound.geometry.tiling import mirror
from noisebound.networks import engine
from noisebound.networks.quantile_network import QuantileNetwork
from noisebound.training.settings import TrainingSettings
from noisebound.training.trainer import Trainer

from .data import Scale, make_images, resident


@dataclass(frozen=True)
class Trained:
    """What a member says: per role the quantiles (3, n, Y, X) in the unit of the truth; and what it took to train."""

    quantiles: Mapping[str, np.ndarray]
    cpu_seconds: float
    parameters: int


def train_and_predict(settings: Mapping[str, Any], seed: int, member: int, budget: float | None = None) -> Trained:
    """Train member ``member`` of the ensemble of ``seed`` and predict calibrate and test images.

    ``settings`` are those of ``synthetic.yaml``. The time is that of the processor over all optimiser steps, without
    compiling. With a ``budget`` (s) there are as many steps as fit into it, by the time of a few.
    """
    torch.set_num_threads(1)
    train = make_images("train")
    scale = Scale.of(train)
    noisy, truth = scale.normalise(train)
    asked = architecture_settings(settings["architecture"])
    facts = {"seed": seed, "member": member, "dimensions": 2, "in_channels": 1, "out_channels": 1}
    architecture = plan_unet(asked, **facts) if isinstance(asked, UNetSettings) else draw(asked, **facts)
    margin, select = int(settings["margin"]), int(settings["select"])
    chosen = resident(noisy[select:], truth[select:], margin)
    judged = [resident(noisy[:select], truth[:select], margin)] if select else []
    training = TrainingSettings.of({**settings["training"], "patch": list(chosen.mask.shape)})
    compile_loops(architecture, chosen.mask.shape)
    trainer = Trainer(architecture, [chosen], judged, training, seed, torch.device("cpu"))
    if budget is not None:
        training = replace(training, steps=max(1, int(budget / seconds_per_step(trainer))))
        trainer = Trainer(architecture, [chosen], judged, training, seed, torch.device("cpu"))
    start = time.process_time()
    while not trainer.finished:
        trainer.advance()
    seconds = time.process_time() - start
    network = engine.build_network(architecture)
    network.load_state_dict(trainer.best)
    quantiles = {}
    for role in ("calibrate", "test"):
        inputs, _ = scale.normalise(make_images(role))
        found = predict(network, inputs, margin, int(settings["orientations"]))
        quantiles[role] = found * np.float32(scale.truth_spread) + np.float32(scale.truth_mean)
    return Trained(quantiles, seconds, architecture.parameter_count())


def seconds_per_step(trainer: Trainer, steps: int = 8) -> float:
    """Time of the processor per step of ``trainer``, by its first few; the very first is left out."""
    trainer.advance()
    start = time.process_time()
    for _ in range(steps):
        trainer.advance()
    return (time.process_time() - start) / steps


def compile_loops(architecture: Blueprint, extent: tuple[int, ...]) -> None:
    """Run one step, so that no later time contains the compiling of loops that a machine does once and keeps."""
    image = torch.zeros(1, architecture.in_channels, *extent)
    network = engine.build_network(architecture)
    torch.stack(engine.quantiles(network, image)).sum().backward()
    engine.predict(network, image)


def predict(network: QuantileNetwork, noisy: np.ndarray, margin: int, orientations: int) -> np.ndarray:
    """Quantiles (3, n, Y, X) of normalised images (n, Y, X), averaged over orientations; normalised as well."""
    images = torch.from_numpy(mirror(noisy, [(margin, margin)] * 2))[:, None]
    inner = slice(margin, images.shape[-1] - margin)
    total = torch.zeros(3, *noisy.shape)
    for k in range(orientations):
        turned = torch.rot90(images.flip(-1) if k >= 4 else images, k % 4, (-2, -1)).contiguous()
        parts = torch.stack(engine.predict(network, turned)[1])
        back = torch.rot90(parts, -(k % 4), (-2, -1))
        total += (back.flip(-1) if k >= 4 else back)[:, :, 0, inner, inner]
    return (total / orientations).numpy()
