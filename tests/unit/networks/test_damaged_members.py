"""Weights whose headers announce terabytes, or that are cut or flipped: refused in words, without memory."""

from __future__ import annotations

import json
import random
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.core.errors import InputError
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from tests.unit.core.damage import damaged
from tests.unit.learning_files import draw_small, write_architecture


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No more than 2 GiB beyond what the process has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def member(tmp_path: Path) -> tuple[Path, Path]:
    graph = draw_small(seed=1)
    one, zero = np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.float32)
    normalisation = Normalisation("none", "none", False, zero, one, zero, one)
    weights, file = tmp_path / "member-0.pt", write_architecture(tmp_path / "member-0.json", graph)
    save_member(weights, MemberNetwork(graph).state_dict(), graph, normalisation, member=0, step=1)
    return weights, file


def change_about(weights: Path, change: Callable[[dict[str, object]], object]) -> None:
    content = torch.load(weights, weights_only=True)
    about = json.loads(content["about"])
    change(about)
    torch.save({**content, "about": json.dumps(about)}, weights)


@pytest.mark.parametrize(
    "change",
    [
        lambda about: about.pop("normalisation"),
        lambda about: about.update(normalisation=[1, 2]),
        lambda about: about["normalisation"].pop("counts"),
        lambda about: about["normalisation"].update(input_mean="many"),
        lambda about: about["normalisation"].update(input_mean=[[1.0], [2.0, 3.0]]),
    ],
)
def test_members_of_absurd_content_are_refused(member: tuple[Path, Path], change: Callable[..., object]) -> None:
    change_about(member[0], change)
    with pytest.raises(InputError, match=r"member-0\.pt.*not a trained member"):
        load_member(*member)


def test_members_that_announce_terabytes_are_refused(member: tuple[Path, Path]) -> None:
    content = torch.load(member[0], weights_only=True)
    name = next(iter(content["weights"]))
    content["weights"][name] = torch.zeros(1).expand(10**6, 10**6)
    torch.save(content, member[0])
    with pytest.raises(InputError, match=r"member-0\.pt"):
        load_member(*member)
    with zipfile.ZipFile(member[0], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 26))
    with pytest.raises(InputError, match=r"member-0\.pt.*promises"):
        load_member(*member)


def test_damaged_members_are_refused_or_the_same(member: tuple[Path, Path]) -> None:
    chance, whole = random.Random(5), member[0].read_bytes()
    before, _ = load_member(*member)
    for _ in range(200):
        member[0].write_bytes(damaged(whole, chance))
        try:
            found, _ = load_member(*member)
        except InputError:
            continue
        for name, value in before.state_dict().items():
            assert torch.equal(found.state_dict()[name], value)
