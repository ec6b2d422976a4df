"""Small scans, regions, architectures and members as files: the input of training and of the ensemble."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
import torch

from noisebound.architecture.base import Blueprint
from noisebound.architecture.random_graph import Architecture, draw
from noisebound.architecture.settings import GraphSettings
from noisebound.core.storage import write_json
from noisebound.files.scan_sources import ScanSources
from noisebound.geometry.boxes import Box
from noisebound.networks.quantile_network import QuantileNetwork
from noisebound.regions.regions import Regions

# These arrays are so small that threads would only wait for each other.
torch.set_num_threads(1)

Network = TypeVar("Network", bound=QuantileNetwork)

SETTINGS: dict[str, Any] = {
    "depth": 4,
    "alpha": 0.5,
    "gamma": 1.0,
    "p_input": 0.4,
    "p_output": 0.4,
    "input_to_output": False,
    "pointwise_output": False,
    "dilations": [1, 2],
    "channels": [2, 3],
    "latent": 5,
    "hidden": 6,
    "max_radius": 6,
    "cell": 1,
    "parameters": [1, 10**9],
}

TRAINING: dict[str, Any] = {
    "levels": [0.05, 0.95],
    "steps": 12,
    "batch": 2,
    "patch": [24, 24],
    "rim": None,
    "learning_rate": 0.02,
    "kernel_rate": 1.5,
    "weight_decay": 0.001,
    "clip": 1.0,
    "averaging": 0.9,
    "precision": "float32",
    "select_every": 4,
    "patience": 10,
}


def draw_small(
    *, dimensions: int = 2, image_channels: int = 1, seed: int = 0, member: int = 0, **settings: Any
) -> Architecture:
    """A small random graph with as many channels in as out."""
    return draw(
        GraphSettings(**{**SETTINGS, **settings}),
        seed=seed,
        member=member,
        dimensions=dimensions,
        in_channels=image_channels,
        out_channels=image_channels,
    )


def write_architecture(path: Path, architecture: Blueprint) -> Path:
    write_json(path, architecture.to_json())
    return path


def write_scan(
    path: Path,
    noisy: np.ndarray,
    reference: np.ndarray | None,
    *,
    kind: str = "measured",
    counts: bool = False,
    group: str = "",
    content: Sequence[str] | None = None,
    channels: Sequence[str] | None = None,
) -> Path:
    """The standard file of the scan ``path.stem``: ``noisy`` (R, C, *spatial), ``reference`` (C, *spatial).

    ``content`` are words whose digests stand for the source files; by default the arrays' own bytes.
    """
    words = content if content is not None else [noisy.tobytes().hex()]
    digests = [hashlib.sha256(word.encode()).hexdigest() for word in words]
    spatial = noisy.ndim - 2
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file["noisy"] = noisy
        if reference is not None:
            file["reference"] = reference
        file.attrs.update(
            {
                "format_version": 1,
                "scan": path.stem,
                "group": group,
                "axes": "RCYX" if spatial == 2 else "RCZYX",
                "channels": json.dumps(list(channels or [f"c{i}" for i in range(noisy.shape[1])])),
                "pixel_size": json.dumps([0.5] * spatial),
                "pixel_unit": "nm",
                "counts": int(counts),
                "reference_kind": kind if reference is not None else "none",
                "sources": json.dumps([{"path": d, "sha256": d, "part": "noisy"} for d in digests]),
            }
        )
    return path


def write_sources(path: Path, words: Sequence[str]) -> Path:
    """The sources of a scan; the digests of ``words`` stand for those of its frames."""
    arrays = [
        {"part": "noisy", "frame": frame, "channel": "c0", "sha256": hashlib.sha256(word.encode()).hexdigest()}
        for frame, word in enumerate(words)
    ]
    ScanSources((), (path.stem,), (), len(arrays), tuple(arrays), ()).write(path)
    return path


def write_regions(path: Path, shape: Sequence[int], guard: int, boxes: Sequence[Box]) -> Path:
    Regions(path.stem, tuple(shape), (guard,) * len(shape), "the test", tuple(boxes)).write(path)
    return path


def smooth_image(shape: Sequence[int], seed: int) -> np.ndarray:
    """A smooth positive image between about 2 and 18, (*shape) float64."""
    from scipy.ndimage import gaussian_filter

    rough = np.random.default_rng(seed).normal(size=shape)
    smooth = gaussian_filter(rough, 3, mode="wrap")
    return 10 + 4 * np.clip(smooth / smooth.std(), -2, 2)


def give_weights(network: Network, seed: int) -> Network:
    """Draw He weights and random biases, so that no symmetry hides a mistake; returns the network, ready to predict."""
    generator = torch.Generator().manual_seed(seed)
    network.initialise(generator)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.data.normal_(generator=generator)
    return network.eval()
