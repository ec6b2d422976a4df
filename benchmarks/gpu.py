"""What only a GPU shows: how near prediction comes to the memory's bandwidth, and how long a member trains."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from noisebound.architecture.random_graph import Architecture, draw
from noisebound.architecture.settings import graph_settings
from noisebound.geometry.boxes import Box
from noisebound.networks import engine
from noisebound.networks.gpu_engine import bundle_edges
from noisebound.networks.graph_network import MemberNetwork
from noisebound.training.role_images import RoleImages
from noisebound.training.settings import TrainingSettings
from noisebound.training.trainer import Trainer

from .timing import seconds

CONFIG = Path(__file__).parent.parent / "config" / "config.yaml"
EXTENT = 512
CHANNELS = 3
PIXELS = 2048


@dataclass(frozen=True)
class OnDevice:
    """Name of the GPU; bandwidth (GB/s) of a copy; share of it that prediction reaches; seconds to train a member."""

    device: str
    bandwidth: float
    share: float
    training: float


def measure() -> OnDevice:
    """Measure on the first GPU, with the architecture and the training of ``config/config.yaml``."""
    device = torch.device("cuda")
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    architecture = draw(
        graph_settings(settings["architecture"]),
        seed=0,
        member=0,
        dimensions=2,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
    )
    bandwidth = copy_bandwidth(device)
    network = MemberNetwork(architecture).to(device).eval()
    image = torch.randn(1, CHANNELS, PIXELS, PIXELS, device=device)
    engine.predict(network, image)
    taken = seconds(lambda: engine.predict(network, image), device, 10)
    share = count_bytes(architecture, PIXELS**2) / taken / bandwidth
    return OnDevice(torch.cuda.get_device_name(device), bandwidth / 1e9, share, train(architecture, settings, device))


def copy_bandwidth(device: torch.device, size: int = 1 << 28) -> float:
    """Bytes per second, read and written, of copying ``size`` numbers."""
    source = torch.empty(size, device=device)
    target = torch.empty_like(source)
    target.copy_(source)
    return 2 * source.nbytes / seconds(lambda: target.copy_(source), device, 10)


def count_bytes(architecture: Architecture, pixels: int) -> int:
    """The least that a prediction moves when every convolution is one pass: inputs read once, outputs written once.

    Edges of one source and dilation are one convolution; float32.
    """
    widths = architecture.widths()
    moved = sum(widths[b[0].source] + sum(edge.channels for edge in b) for b in bundle_edges(architecture.edges))
    moved += widths[architecture.output] + architecture.latent
    moved += architecture.latent + 3 * architecture.hidden + 3 * architecture.hidden + 3 * architecture.out_channels
    return 4 * pixels * moved


def train(architecture: Architecture, settings: dict[str, Any], device: torch.device) -> float:
    """Seconds to train one member on one scan of 512x512 pixels and three channels, with the settings' steps."""
    images = np.random.default_rng(0).normal(size=(2, 1, CHANNELS, EXTENT, EXTENT)).astype(np.float32)
    rim = architecture.radius()
    inner = np.zeros((EXTENT, EXTENT), dtype=bool)
    inner[rim:-rim, rim:-rim] = True
    box = Box("train", (rim, rim), (EXTENT - rim, EXTENT - rim))
    noisy, target, mask = (torch.from_numpy(part).to(device) for part in (*images, inner))
    scan = RoleImages(noisy, target, mask, (box,))
    training = settings["training"]
    training["patch"] = training["patch"] or [128, 128]
    trainer = Trainer(architecture, [scan], [], TrainingSettings.of(training), 0, device)
    start = time.perf_counter()
    while not trainer.finished:
        trainer.advance()
    torch.cuda.synchronize(device)
    return time.perf_counter() - start
