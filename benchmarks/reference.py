"""The reference implementation at work, in an environment of its own: networks, training, prediction, measurements.

Run as ``python -m benchmarks.reference`` it answers the calls below (see ``protocol``). Images come and go as files.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from dlsia.core.networks.cerberus import Cerberus, RandomizedPinballLoss
from dlsia.core.networks.construct_sms_ensemble import construct_2dsms_ensembler, construct_3dsms_ensembler
from dlsia.core.networks.tunet import TUNet
from torch import nn

from .protocol import serve
from .timing import peak_megabytes, seconds

LAYERS, ALPHA, GAMMA, HIDDEN, LATENT = 10, 0.5, 1.0, [3], 10
DILATIONS = list(range(1, 11))
LEVELS = [0.05, 0.5, 0.95]

state: dict[str, Any] = {}


def make_network(seed: int, dimensions: int) -> Cerberus:
    """The three-headed network that numpy's and torch's ``seed`` gives."""
    np.random.seed(seed)  # the graph follows nothing else
    torch.manual_seed(seed)
    construct = construct_2dsms_ensembler if dimensions == 2 else construct_3dsms_ensembler
    (base,) = construct(
        1, 1, LATENT, LAYERS, alpha=ALPHA, gamma=GAMMA, hidden_channels=HIDDEN, dilation_choices=DILATIONS
    )
    return Cerberus(1, 1, base)


def build(seed: int, dimensions: int, device: str = "cpu") -> dict[str, Any]:
    """Make the network that is measured from now on; returns its graph in plain numbers (see ``graphs``)."""
    torch.set_num_threads(1)
    network = make_network(seed, dimensions)
    graph = network.base_network.network_graph
    edges = []
    for source, target, facts in graph.edges(data=True):
        convolution = network.base_network._modules[f"Edge_{source}_{target}"][0]
        edges.append(
            {
                "source": int(source),
                "target": int(target),
                "dilation": int(facts["dilation"]) if convolution.kernel_size[0] > 1 else 1,
                "channels": int(facts["channels"]),
                "kernel": int(convolution.kernel_size[0]),
            }
        )
    state.update(network=network.to(device), device=torch.device(device), dimensions=dimensions)
    state["optimiser"] = torch.optim.Adam(network.parameters(), lr=1e-4)
    return {
        "dimensions": dimensions,
        "nodes": int(graph.number_of_nodes()),
        "edges": edges,
        "latent": LATENT,
        "hidden": int(network.projection_layers[0]),
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def train_step(shape: list[int], repeats: int = 1) -> float:
    """Seconds of one step on images of ``shape`` (B, [Z], Y, X): forward, its own loss, backward, Adam."""
    noisy, target = (_random_images(shape, k) for k in (0, 1))
    network, optimiser = state["network"].train(), state["optimiser"]
    loss = RandomizedPinballLoss(LEVELS)

    def step() -> None:
        optimiser.zero_grad()
        loss(network(noisy), target).backward()
        optimiser.step()

    return seconds(step, state["device"], repeats)


def predict(shape: list[int], repeats: int = 1) -> float:
    """Seconds to predict images of ``shape`` (B, [Z], Y, X) at once."""
    noisy, network = _random_images(shape, 0), state["network"].eval()
    with torch.no_grad():
        return seconds(lambda: network(noisy), state["device"], repeats)


def memory(shape: list[int]) -> float:
    """Peak memory (MB) of predicting one image of ``shape``."""
    predict([1] * (len(shape) - state["dimensions"]) + [64] * state["dimensions"])
    noisy, network = _random_images(shape, 0), state["network"].eval()
    with torch.no_grad():
        return peak_megabytes(lambda: network(noisy), state["device"])


def train(seed: int, data: str, output: str, epochs: int, batch: int, learning_rate: float) -> dict[str, float]:
    """Train a network on ``data`` and write its quantiles for calibrate and test images to ``output``.

    ``data`` (.npz) holds ``noisy``, ``truth``, ``calibrate`` and ``test``, float32 (n, Y, X), normalised; ``output``
    ``calibrate`` and ``test``, (3, n, Y, X). Its own loss, Adam under a one-cycle schedule, all images in every epoch.
    Prediction takes batches of 50, because its normalisation needs other images beside the one asked for.
    """
    torch.set_num_threads(1)
    images = load_images(data)
    network = make_network(seed, 2)
    steps = epochs * -(-len(images["noisy"]) // batch)
    used = fit(network, images, seed, steps, batch, learning_rate)
    return write_found(network, images, output, used)


def train_unet(
    seed: int,
    data: str,
    output: str,
    budget: float,
    batch: int,
    learning_rate: float,
    depth: int,
    base_channels: int,
) -> dict[str, float]:
    """As :func:`train`, its own U-Net under the same heads, in as many steps as fit into ``budget`` (s, processor)."""
    torch.set_num_threads(1)
    images = load_images(data)

    def make() -> Cerberus:
        torch.manual_seed(seed)
        return Cerberus(1, 1, TUNet(images["noisy"].shape[2:], 1, LATENT, depth, base_channels))

    fit(make(), images, seed, 2, batch, learning_rate)  # the first steps of a process are slower
    trial = 8
    per_step = fit(make(), images, seed, trial, batch, learning_rate) / trial
    network = make()
    used = fit(network, images, seed, max(2, int(budget / per_step)), batch, learning_rate)
    return write_found(network, images, output, used)


def load_images(data: str) -> dict[str, torch.Tensor]:
    """What ``data`` of :func:`train` holds, each (n, 1, Y, X)."""
    return {name: torch.from_numpy(values)[:, None] for name, values in np.load(data).items()}


def write_found(network: nn.Module, images: dict[str, torch.Tensor], output: str, used: float) -> dict[str, float]:
    """Write what a trained network predicts; returns what :func:`train` does."""
    np.savez(output, **{role: predict_images(network, images[role]) for role in ("calibrate", "test")})
    return {"cpu_seconds": used, "parameters": sum(p.numel() for p in network.parameters())}


def fit(
    network: nn.Module,
    images: dict[str, torch.Tensor],
    seed: int,
    steps: int,
    batch: int,
    learning_rate: float,
) -> float:
    """Train in place, pass after pass over all images; returns the seconds of the processor."""
    noisy, truth = images["noisy"], images["truth"]
    random = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(network.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps)
    loss = RandomizedPinballLoss(LEVELS)
    network.train()
    start = time.process_time()
    order: list[torch.Tensor] = []
    for _ in range(steps):
        order = order or list(torch.randperm(len(noisy), generator=random).split(batch))
        chosen = order.pop(0)
        optimiser.zero_grad()
        loss(network(noisy[chosen]), truth[chosen]).backward()
        optimiser.step()
        schedule.step()
    return time.process_time() - start


@torch.no_grad()
def predict_images(network: nn.Module, images: torch.Tensor) -> np.ndarray:
    """Quantiles (3, n, Y, X) of images (n, 1, Y, X)."""
    network.eval()
    parts = [torch.stack(network(part))[:, :, 0] for part in images.split(50)]
    return torch.cat(parts, dim=1).numpy()


def _random_images(shape: list[int], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape[0], 1, *shape[1:], generator=generator).to(state["device"])


if __name__ == "__main__":
    serve({function.__name__: function for function in (build, train_step, predict, memory, train, train_unet)})
