"""Weights and arrays whose headers announce terabytes, or that are cut or flipped: refused in words, without memory."""

from __future__ import annotations

import io
import json
import random
import resource
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.core.arrays import read_arrays, write_arrays
from noisebound.core.errors import InputError
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from tests.unit.learning_files import draw_small, write_architecture

ARRAYS = {"mean": np.arange(6, dtype=np.float64), "keep": np.ones((2, 3), dtype=bool)}


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """No more than 2 GiB beyond what the process has."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (2 << 30), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def npz(path: Path, header: bytes, data: bytes = b"", compression: int = zipfile.ZIP_STORED) -> Path:
    """An npz file whose array ``mean`` has this header, as a Python literal."""
    content = io.BytesIO()
    header = header.ljust(117) + b"\n"
    content.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("mean.npy", content.getvalue())
    return path


@pytest.mark.parametrize(
    "shape",
    [
        "(1099511627776,)",
        "(1000000, 1000000, 1000000)",
        "(-1, 7)",
        "(9999999999999999999999,)",
        "(" * 100,
        "(1.5,)",
        "7",
    ],
)
@pytest.mark.parametrize("dtype", ["<f8", "<U1000000", "|O", "<q9"])
def test_headers_that_announce_more_than_there_is(tmp_path: Path, shape: str, dtype: str) -> None:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    path = npz(tmp_path / "basis.npz", header)
    with pytest.raises(InputError, match=r"basis\.npz"):
        read_arrays(path, ["mean"])


def test_arrays_that_unfold_to_more_than_the_file_has(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000,), }"
    path = npz(tmp_path / "basis.npz", header, bytes(8_000_000), zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="promises"):
        read_arrays(path, ["mean"])


def damaged(whole: bytes, chance: random.Random) -> bytes:
    content = bytearray(whole)
    if chance.random() < 0.3:
        del content[chance.randrange(len(content)) :]
    for _ in range(chance.randint(1, 4)):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def test_damaged_arrays_are_refused_or_the_same(tmp_path: Path) -> None:
    chance, path = random.Random(3), tmp_path / "basis.npz"
    write_arrays(path, ARRAYS)
    whole = path.read_bytes()
    for _ in range(200):
        path.write_bytes(damaged(whole, chance))
        try:
            found = read_arrays(path, list(ARRAYS))
        except InputError:
            continue
        assert all(np.array_equal(found[name], ARRAYS[name]) for name in ARRAYS)


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
