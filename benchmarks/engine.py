"""noisebound at work on graphs of the reference: the calls of ``reference``, answered by our own engine.

Run as ``python -m benchmarks.engine``; see ``protocol``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from noisebound.core.hardware import usable_memory
from noisebound.core.storage import write_json
from noisebound.ensemble.combine import combine_members
from noisebound.ensemble.members import COMFORTABLE, Ensemble
from noisebound.geometry.tiling import choose_size, tiles
from noisebound.networks import engine
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.member_file import save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.networks.precision import mixed_precision
from noisebound.training.optimiser import KernelOptimiser

from .graphs import translate
from .protocol import serve
from .timing import peak_megabytes, seconds

LEVELS = (0.05, 0.5, 0.95)

state: dict[str, Any] = {}


def build(graph: dict[str, Any], device: str = "cpu") -> dict[str, int]:
    """Make the network that is measured from now on, of the same ``graph`` as the reference's."""
    torch.set_num_threads(1)
    architecture = translate(graph)
    network = MemberNetwork(architecture)
    network.initialise(torch.Generator().manual_seed(0))
    state.update(network=network.to(device), device=torch.device(device), dimensions=architecture.dimensions)
    state["optimiser"] = KernelOptimiser(network, weight_decay=0.01, kernel_rate=1.5)
    for group in state["optimiser"].param_groups:
        group["lr"] = 1e-4
    return {"parameters": architecture.parameter_count(), "radius": architecture.radius()}


def train_step(shape: list[int], repeats: int = 1, precision: str = "float32") -> float:
    """Seconds of one step on images of ``shape`` (B, [Z], Y, X): forward, loss over all quantiles, backward, step."""
    noisy, target = (_random_images(shape, k) for k in (0, 1))
    mask = torch.ones_like(target, dtype=torch.bool)
    network, optimiser, device = state["network"].train(), state["optimiser"], state["device"]

    def step() -> None:
        with mixed_precision(precision, device):
            loss = engine.loss(network, noisy, target, LEVELS, mask)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    return seconds(step, device, repeats)


def predict(shape: list[int], repeats: int = 1) -> float:
    """Seconds to predict images of ``shape`` (B, [Z], Y, X) at once."""
    noisy, network = _random_images(shape, 0), state["network"].eval()
    return seconds(lambda: engine.predict(network, noisy), state["device"], repeats)


def deliver(shape: list[int]) -> float:
    """Seconds to predict one image (1, [Z], Y, X) as the workflow does: in tiles with a halo, exact at every border."""
    image, ensemble = np.random.default_rng(0).normal(size=shape).astype(np.float32), _ensemble()
    return seconds(lambda: sum(1 for _ in _tiles_of(ensemble, image)), state["device"])


def memory(shape: list[int]) -> float:
    """Peak memory (MB) of the same, the averaged quantiles and the spread of the whole image included."""
    ensemble = _ensemble()
    small = np.zeros([1] + [64] * state["dimensions"], dtype=np.float32)
    sum(1 for _ in _tiles_of(ensemble, small))
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return peak_megabytes(lambda: list(_tiles_of(ensemble, image)), state["device"])


def _tiles_of(ensemble: Ensemble, image: np.ndarray) -> Iterator[Any]:
    """What the workflow writes to disk, tile by tile, with the tile size that it chooses."""
    shape, halo, alignment = image.shape[1:], ensemble.halo, ensemble.alignment
    comfortable = ensemble.pixels_within(COMFORTABLE[ensemble.device.type])
    most = ensemble.pixels_within(usable_memory(ensemble.device, threads=1) // 2)
    for tile in tiles(shape, choose_size(shape, halo, comfortable, most, alignment), halo, alignment):
        piece = tile.complete(image[(slice(None), *tile.read)])
        yield combine_members(ensemble, piece, tile.inner, None, (0.05, 0.95), "average")[:2]


def _ensemble() -> Ensemble:
    """The measured network as a trained ensemble of one member."""
    network = state["network"]
    one, zero = np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.float32)
    normalisation = Normalisation("none", "none", False, zero, one, zero, one)
    with tempfile.TemporaryDirectory() as folder:
        member, graph = Path(folder) / "member-0.pt", Path(folder) / "member-0.json"
        write_json(graph, network.architecture.to_json())
        save_member(member, network.state_dict(), network.architecture, normalisation, member=0, step=0)
        ensemble = Ensemble([member], [graph])
    ensemble.device = state["device"]  # not the GPU, where the processor is to be measured
    ensemble.networks = [network.to(ensemble.device) for network in ensemble.networks]
    return ensemble


def _random_images(shape: list[int], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape[0], 1, *shape[1:], generator=generator).to(state["device"])


if __name__ == "__main__":
    serve({function.__name__: function for function in (build, train_step, predict, deliver, memory)})
