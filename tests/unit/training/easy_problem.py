"""An easy problem to train on, as files, and a training that is interrupted."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from noisebound.architecture.random_graph import Architecture
from noisebound.networks.member_file import load_member
from noisebound.regions.divide import divide
from noisebound.training.role_images import load_role
from noisebound.training.settings import DataSettings, TrainingSettings
from noisebound.training.train_member import TrainingFiles, train_member
from noisebound.training.trainer import Trainer
from tests.unit.learning_files import (
    TRAINING,
    draw_small,
    smooth_image,
    write_architecture,
    write_regions,
    write_scan,
)

ROOT = Path(__file__).parents[3]


@dataclass
class Data:
    """One training's files and settings; ``run`` trains into a folder."""

    architecture: Path
    scan: Path
    regions: Path
    settings: dict[str, Any]
    counts: bool = False
    seed: int = 3
    code: str = ""

    def run(self, folder: Path, **changes: Any) -> tuple[Path, list[dict[str, str]]]:
        """Weights and history."""
        folder.mkdir(parents=True, exist_ok=True)
        member = Architecture.read(self.architecture).member
        weights, history = folder / "member.pt", folder / "member.history.csv"
        transform = "sqrt" if self.counts else "none"
        train_member(
            TrainingFiles(self.architecture, [self.scan], [self.regions], weights, history),
            member=member,
            seed=changes.pop("seed", self.seed),
            settings=TrainingSettings(**{**self.settings, **changes}),
            data=DataSettings(transform, transform, self.counts),
            checkpoint_every=5,
            code=self.code,
        )
        with open(folder / "member.history.csv", encoding="utf-8") as stream:
            return folder / "member.pt", list(csv.DictReader(stream))


def make_data(folder: Path, *, layout: list[str], dimensions: int = 2, noise: float = 2.0, **settings: Any) -> Data:
    """An easy problem: a smooth scene, its noisy repeats and the scene itself, divided by ``layout``."""
    shape = (7, 30, 36)[3 - dimensions :]
    graph = draw_small(dimensions=dimensions, image_channels=2, seed=2, max_radius=4)
    scene = smooth_image((2, *shape), 1).astype(np.float32)
    noisy = scene + np.random.default_rng(0).normal(0, noise, (3, *scene.shape)).astype(np.float32)
    radius = graph.radius()
    return Data(
        write_architecture(folder / "architecture.json", graph),
        write_scan(folder / "scan.h5", noisy.astype(np.float32), scene),
        write_regions(folder / "regions.json", shape, radius, divide(shape, layout, (radius,) * dimensions)),
        {**TRAINING, "patch": [12, 20, 20][3 - dimensions :], **settings},
    )


def interrupt(data: Data, folder: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> Path:
    """Train until an exception at ``step``; the checkpoint that is left."""
    advance = Trainer.advance

    def fail(self: Trainer) -> None:
        if self.step == step:
            raise RuntimeError("the machine is taken away")
        advance(self)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "advance", fail)
        with pytest.raises(RuntimeError, match="taken away"):
            data.run(folder)
    assert not (folder / "member.pt").exists()
    return folder / "member.checkpoint.pt"


class Bomb:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "boom")


def judge(data: Data, weights: Path) -> float:
    """Select loss of a member file, by the plain network and the definition of the loss."""
    network, normalisation = load_member(weights, data.architecture)
    radius = network.architecture.radius()
    rim = (radius,) * network.architecture.dimensions
    images = load_role(data.scan, data.regions, "select", rim, normalisation, np.random.default_rng(0))
    assert images is not None
    total = 0.0
    for frame in range(len(images.noisy)):
        with torch.no_grad():
            quantiles = network(images.noisy[frame][None])
        for quantile, level in zip(quantiles, (0.05, 0.5, 0.95), strict=True):
            error = (images.target[0] - quantile[0])[:, images.mask].double().numpy()
            total += float(np.where(error > 0, level * error, (level - 1) * error).mean())
    return total / len(images.noisy)
