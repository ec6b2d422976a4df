"""How much faster an ensemble trains when several members share a GPU: ``training.members_per_gpu`` of 1, 2 and 4.

python benchmarks/members_per_gpu.py [seconds per measurement] trains members of ``config/config.yaml`` on random
numbers of 512x512 pixels and 3 channels, in as many processes as members, and prints optimiser steps per second of all
together. It uses the first visible GPU; without one it says so and measures the processor, as a check of itself.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import torch
import yaml

from noisebound.architecture.random_graph import draw
from noisebound.architecture.settings import graph_settings
from noisebound.geometry.boxes import Box
from noisebound.training.role_images import RoleImages
from noisebound.training.settings import TrainingSettings
from noisebound.training.trainer import Trainer

CONFIG = Path(__file__).resolve().parents[1] / "config" / "config.yaml"
MEMBERS = (1, 2, 4)
EXTENT, CHANNELS, WARM_UP = 512, 3, 20


def train(member: int, seconds: float, together: Barrier, done: multiprocessing.Queue[float]) -> None:
    """Train one member for a while, beside the others, and report its steps per second."""
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    settings = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    graph = draw(
        graph_settings(settings["architecture"]),
        seed=1,
        member=member,
        dimensions=2,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
    )
    noisy = torch.randn(1, CHANNELS, EXTENT, EXTENT, generator=torch.Generator().manual_seed(member)).to(device)
    mask = torch.ones(EXTENT, EXTENT, dtype=torch.bool)
    images = RoleImages(noisy, noisy, mask, (Box("train", (0, 0), (EXTENT, EXTENT)),))
    # No look at a select region falls into the measurement.
    plan = {**settings["training"], "patch": [128, 128], "steps": 10**9, "select_every": 10**9}
    trainer = Trainer(graph, [images], [], TrainingSettings.of(plan), 1, device)
    for _ in range(WARM_UP):
        trainer.advance()
    together.wait()
    begin, first = time.monotonic(), trainer.step
    while time.monotonic() - begin < seconds:
        trainer.advance()  # waits for the device, because it looks at the loss
    done.put((trainer.step - first) / (time.monotonic() - begin))


def measure(members: int, seconds: float) -> float:
    """Steps per second of so many members together."""
    context = multiprocessing.get_context("spawn")
    together, done = context.Barrier(members), context.Queue()
    jobs = [context.Process(target=train, args=(m, seconds, together, done)) for m in range(members)]
    for job in jobs:
        job.start()
    rates = [done.get(timeout=seconds + 600) for _ in jobs]
    for job in jobs:
        job.join()
    return sum(rates)


def main() -> None:
    """Print one line per number of members."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    found = torch.cuda.is_available()
    print(torch.cuda.get_device_name(0) if found else "no GPU: measured on the processor, which says nothing about one")
    alone = 0.0
    for members in MEMBERS:
        rate = measure(members, seconds)
        alone = alone or rate
        print(f"{members} members at a time: {rate:.1f} steps/s together, {rate / alone:.2f} times those of one alone")


if __name__ == "__main__":
    main()
