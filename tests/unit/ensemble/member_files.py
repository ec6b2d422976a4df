"""Files of trained members with different graphs, and what they predict one by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from noisebound.ensemble.ensemble_scan import EnsembleFiles, ensemble_scan
from noisebound.ensemble.fit_latent_basis import BasisFiles, fit_latent_basis
from noisebound.ensemble.members import Ensemble
from noisebound.ensemble.settings import BasisSettings, EnsembleSettings
from noisebound.latent.basis import fit_basis
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from tests.unit.learning_files import (
    draw_small,
    smooth_image,
    write_architecture,
)

CHANNELS = 2


SHAPES = {2: (29, 23), 3: (5, 12, 11)}


COUNTS = {2: True, 3: False}


@dataclass
class Members:
    """Files of trained members with different graphs, radii, latent sizes and statistics."""

    weights: list[Path]
    architectures: list[Path]
    basis: Path
    dimensions: int

    def brute_force(self, frame: np.ndarray) -> tuple[list[np.ndarray], list[list[np.ndarray]]]:
        """Each member's latents (L, *spatial) and quantiles, 3 times (C, *spatial), for a raw frame."""
        latents, quantiles = [], []
        for weights, graph in zip(self.weights, self.architectures, strict=True):
            network, norm = load_member(weights, graph)
            rim = 2 * network.architecture.radius()
            root = np.sqrt(np.maximum(frame, 0)) if norm.input_transform == "sqrt" else frame
            across = (CHANNELS, *(1,) * self.dimensions)
            values = (root - norm.input_mean.reshape(across)) / norm.input_spread.reshape(across)
            wide = np.pad(values, [(0, 0), *[(rim, rim)] * self.dimensions], mode="symmetric").astype(np.float32)
            inner = (slice(None), *(slice(rim, rim + extent) for extent in frame.shape[1:]))
            with torch.no_grad():
                latents.append(network.encode(torch.from_numpy(wide)[None])[0].numpy()[inner])
                parts = [q[0].numpy()[inner] for q in network(torch.from_numpy(wide)[None])]
            restored = [p * norm.target_spread.reshape(across) + norm.target_mean.reshape(across) for p in parts]
            if norm.target_transform == "anscombe":
                restored = [(np.maximum(p, 0) / 2) ** 2 - 0.375 for p in restored]
            quantiles.append([np.maximum(p, 0) if norm.counts else p for p in restored])
        return latents, quantiles


def make_members(folder: Path, dimensions: int, *, spoil: bool = False) -> Members:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(dimensions)
    members = Members([], [], folder / "basis.npz", dimensions)
    for m, (latent, radius) in enumerate([(4, 3), (7, 6), (5, 5)]):
        graph = draw_small(
            dimensions=dimensions, image_channels=CHANNELS, seed=5, member=m, latent=latent, max_radius=radius
        )
        network = MemberNetwork(graph)
        generator = torch.Generator().manual_seed(m)
        network.initialise(generator)
        for head in network.heads:
            head[-1].weight.data.normal_(generator=generator)
        if spoil and m == 1:
            network.projection.bias.data[0] = torch.nan  # type: ignore[union-attr]
        counts = COUNTS[dimensions]
        statistics = random.uniform(2, 4, (4, CHANNELS)).astype(np.float32)
        norm = Normalisation("sqrt" if counts else "none", "anscombe" if counts else "none", counts, *statistics)
        members.architectures.append(write_architecture(folder / f"{m}.json", graph))
        members.weights.append(folder / f"{m}.pt")
        save_member(members.weights[-1], network.state_dict(), graph, norm, member=m, step=1)
    fit_basis(random.normal(size=(300, 16)) @ random.normal(size=(16, 16)), [4, 7, 5], 6).save(members.basis)
    return members


def make_frames(dimensions: int, seed: int = 0) -> np.ndarray:
    scene = smooth_image((3, CHANNELS, *SHAPES[dimensions]), seed)
    return np.random.default_rng(seed).poisson(scene).astype(np.uint16)


def apply(members: Members, scan: Path, output: Path, **changes: Any) -> Path:
    plain = {"tile": "auto", "overlap": "exact", "orientations": 1, "combine": "average", "frame": 0}
    settings = EnsembleSettings(**{**plain, "keep_members": True, "levels": [0.05, 0.95], **changes})
    files = EnsembleFiles(members.weights, members.architectures, members.basis, scan, output)
    ensemble_scan(files, settings=settings, counts=COUNTS[members.dimensions])
    return output


def near(actual: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


TILES = {2: ["auto", [8, 8], [29, 3], [1, 23]], 3: ["auto", [2, 5, 4], [5, 12, 2]]}


def watch_memory(monkeypatch: pytest.MonkeyPatch, memory: int | None) -> list[int]:
    """Have jobs use so much memory; the list grows by how many pixels too many members were given at a time."""
    excess: list[int] = []
    member = Ensemble.member

    def watched(self: Ensemble, m: int, image: np.ndarray) -> Any:
        excess.append(image[0].size - self.pixels_within((memory or 10**12) // 2))
        return member(self, m, image)

    monkeypatch.setattr(Ensemble, "member", watched)
    if memory is not None:
        monkeypatch.setattr("noisebound.core.hardware.usable_memory", lambda *_: memory)
    return excess


def little_memory(members: Members) -> int:
    """Memory in bytes that holds tiles of a few pixels with the exact halo, and not the whole scan."""
    ensemble = Ensemble(members.weights, members.architectures)
    pixels = np.prod([8 + 2 * rim for rim in ensemble.halo])
    return int(2 * pixels * 10**6 / ensemble.pixels_within(10**6)) + 10**4


def fit(members: Members, scans: list[Path], regions: list[Path], folder: Path, **changes: Any) -> tuple[Path, Path]:
    settings = {"components": 5, "sample_size": 240, "seed": 1, "frame": 1, **changes}
    paths = folder / "basis.npz", folder / "sample.npz"
    files = BasisFiles(members.weights, members.architectures, scans, regions, *paths, folder / "frames.npz")
    fit_latent_basis(files, settings=BasisSettings(**settings))
    return paths
