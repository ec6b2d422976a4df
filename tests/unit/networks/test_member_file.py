"""Member files: they give weights and normalisation back, and nothing in them is run."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.architecture.families import read_architecture
from noisebound.core.errors import InputError
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.networks.unet_network import UNet
from tests.unit.learning_files import (
    draw_small,
    write_architecture,
)
from tests.unit.training.easy_problem import Bomb
from tests.unit.unets import CHANNELS, plan, unet_members, unet_of


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU rounds in its own way."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_a_member_file_gives_weights_and_architecture_back(tmp_path: Path) -> None:
    weights, files = unet_members(tmp_path / "members", 3)
    network, _ = load_member(weights[1], files[1])
    assert isinstance(network, UNet) and network.architecture == plan(3, 1, member=1) == read_architecture(files[1])
    for name, value in unet_of(plan(3, 1), 1).state_dict().items():
        assert torch.equal(network.state_dict()[name], value)
    other = write_architecture(tmp_path / "other.json", plan(3, 1, 2))
    graph = write_architecture(tmp_path / "graph.json", draw_small(dimensions=3, image_channels=CHANNELS))
    for wrong in (other, graph):
        with pytest.raises(InputError, match=r"1\.pt.*trained with another graph.*Remedy"):
            load_member(weights[1], wrong)


def test_a_member_file_gives_weights_and_normalisation_back_without_pickled_code(tmp_path: Path) -> None:
    graph = draw_small(seed=6)
    path = write_architecture(tmp_path / "a.json", graph)
    network = MemberNetwork(graph)
    network.initialise(torch.Generator().manual_seed(1))
    values = np.random.default_rng(0).uniform(0.5, 2, (4, 1)).astype(np.float32)
    normalisation = Normalisation("sqrt", "anscombe", True, *values)
    save_member(tmp_path / "m.pt", network.state_dict(), graph, normalisation, member=0, step=7)
    content = torch.load(tmp_path / "m.pt", weights_only=True)
    assert sorted(content) == ["about", "weights"] and isinstance(content["about"], str)
    loaded, statistics = load_member(tmp_path / "m.pt", path)
    assert statistics.to_json() == normalisation.to_json() and not loaded.training
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value) and value.dtype == torch.float32
    with pytest.raises(InputError, match=r"m\.pt.*another graph.*Remedy: train the member again"):
        load_member(tmp_path / "m.pt", write_architecture(tmp_path / "b.json", draw_small(seed=7)))


@pytest.mark.parametrize("kind", ["torch", "pickle", "about", "torn", "text"])
def test_files_that_are_no_member_are_refused_and_nothing_in_them_is_run(tmp_path: Path, kind: str) -> None:
    path, crater = tmp_path / "m.pt", tmp_path / "crater"
    architecture = write_architecture(tmp_path / "a.json", draw_small(seed=6))
    bomb = {"about": "{}", "weights": Bomb(crater)}
    if kind == "torch":
        torch.save(bomb, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(bomb))
    elif kind == "about":
        torch.save({"about": "{}", "weights": {}}, path)
    elif kind == "torn":
        torch.save({"about": "{}", "weights": {}}, path)
        path.write_bytes(path.read_bytes()[:100])
    else:
        path.write_text("weights")
    with pytest.raises(InputError, match=r"(?s)m\.pt.*not a trained member.*Remedy: delete it"):
        load_member(path, architecture)
    assert not crater.exists()
