"""The step: the same bytes from the same seed, nothing from pixels of other roles, and refusals."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError, LeakageError
from noisebound.geometry.boxes import Box
from noisebound.regions.divide import divide
from noisebound.regions.regions import Regions
from noisebound.settings.defaults import default_patch
from noisebound.training.settings import DataSettings, TrainingSettings
from noisebound.training.train_member import TrainingFiles, train_member
from noisebound.training.trainer import Trainer
from tests.unit.learning_files import (
    TRAINING,
    smooth_image,
    write_architecture,
    write_regions,
    write_scan,
)
from tests.unit.training.easy_problem import Data, make_data
from tests.unit.unets import CHANNELS, plan


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums on a GPU may come in another order each time; what is compared to the bit here runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return make_data(tmp_path / "data", layout=["TTS", "TEE"])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_weights(data: Data, tmp_path: Path) -> None:
    torch.manual_seed(1)
    np.random.seed(1)
    one, history = data.run(tmp_path / "one")
    torch.manual_seed(2)
    np.random.seed(2)
    two, again = data.run(tmp_path / "two" / "elsewhere")
    assert one.read_bytes() == two.read_bytes()
    assert [{**row, "seconds": ""} for row in history] == [{**row, "seconds": ""} for row in again]
    other, _ = data.run(tmp_path / "three", seed=4)
    weights = [torch.load(path, weights_only=True)["weights"] for path in (one, other)]
    assert all(not torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_training_that_ended_unseen_is_not_repeated(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The next Snakemake removes the outputs of a job that its predecessor did not see end, and runs it again."""
    weights, history = data.run(tmp_path)
    before = weights.read_bytes()
    weights.unlink()
    (tmp_path / "member.history.csv").unlink()
    with monkeypatch.context() as patched, caplog.at_level(logging.INFO, "noisebound"):
        patched.setattr(Trainer, "advance", lambda self: pytest.fail("trained again"))
        weights, again = data.run(tmp_path)
    assert "continuing from step" in caplog.text
    assert weights.read_bytes() == before and again == history


def test_volumes_train_with_patches_chosen_for_them(tmp_path: Path) -> None:
    patch = default_patch(3, radius=6)
    data = make_data(tmp_path / "data", layout=["TTS"], dimensions=3, patch=patch, batch=1, steps=20, select_every=5)
    _, history = data.run(tmp_path)
    assert float(history[-1]["select_loss"]) < float(history[0]["select_loss"])


@pytest.mark.parametrize("rim", [None, 1, 0])
def test_pixels_of_other_roles_cannot_reach_the_weights(tmp_path: Path, rim: int | None) -> None:
    data = make_data(tmp_path / "data", layout=["TTS", "TEC"], rim=rim)
    expected, _ = data.run(tmp_path / "clean")
    regions = Regions.read(data.regions)
    radius = regions.guard[0]
    seen, owned = np.zeros(regions.shape, dtype=bool), regions.mask("train", "select")
    for y, x in np.argwhere(owned):
        seen[max(y - radius, 0) : y + radius + 1, max(x - radius, 0) : x + radius + 1] = True
    assert not seen[regions.mask("test", "calibrate")].any()
    with h5py.File(data.scan, "r+") as file:
        for name, hidden in (("noisy", ~seen), ("reference", ~owned)):
            values = file[name][()]
            values[..., hidden] = np.nan
            file[name][...] = values
    spoilt, _ = data.run(tmp_path / "spoilt")
    assert spoilt.read_bytes() == expected.read_bytes()


def test_settings_and_scans_that_do_not_fit_are_refused_before_the_first_step(data: Data, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'training.patch', value \[8, 8\].*at least.*Remedy"):
        data.run(tmp_path, patch=[8, 8])
    narrow = np.random.default_rng(0).normal(size=(2, 1, 30, 36)).astype(np.float32)
    with pytest.raises(InputError, match=r"other\.h5.*has 1 channels in 2-D, the networks take 2 in 2-D"):
        replace(data, scan=write_scan(tmp_path / "other.h5", narrow, narrow[0])).run(tmp_path)
    bare = np.random.default_rng(0).normal(size=(2, 2, 30, 36)).astype(np.float32)
    with pytest.raises(InputError, match=r"bare\.h5.*no reference"):
        replace(data, scan=write_scan(tmp_path / "bare.h5", bare, None)).run(tmp_path)


def test_a_guard_band_narrower_than_this_network_sees_is_refused(data: Data, tmp_path: Path) -> None:
    radius = Architecture.read(data.architecture).radius()
    boxes = (Box("train", (0, 0), (30, 20)), Box("select", (0, 30), (30, 36)))
    for guard, fits in ((radius - 1, False), (radius, True)):
        changed = replace(data, regions=write_regions(tmp_path / f"{guard}.json", (30, 36), guard, boxes))
        if fits:
            changed.run(tmp_path / "out")
        else:
            with pytest.raises(
                LeakageError, match=rf"{guard}\.json.*{guard} px is narrower than .*{radius} px.*Remedy"
            ):
                changed.run(tmp_path / "out")


@pytest.mark.parametrize(("dimensions", "patch"), [(2, [16, 20]), (3, [12, 16, 16])])
def test_it_trains_also_where_an_image_is_smaller_than_the_patch(
    tmp_path: Path, dimensions: int, patch: list[int]
) -> None:
    shape = (3, 19, 25)[3 - dimensions :]  # with its rims, Z is narrower than the patch, and of odd length
    architecture = plan(dimensions, 1)
    scene = smooth_image((CHANNELS, *shape), 1).astype(np.float32)
    noisy = scene + np.random.default_rng(0).normal(0, 2, (2, *scene.shape)).astype(np.float32)
    scan = write_scan(tmp_path / "s.h5", noisy.astype(np.float32), scene)
    radius = (architecture.radius(),) * dimensions
    area = write_regions(tmp_path / "s.json", shape, radius[0], divide(shape, ["TTS"], radius))
    graph = write_architecture(tmp_path / "0.json", architecture)

    def train(name: str, **changes: Any) -> bytes:
        ask = {**TRAINING, "patch": patch, **changes}
        files = TrainingFiles(graph, [scan], [area], tmp_path / f"{name}.pt", tmp_path / f"{name}.csv")
        settings, data = TrainingSettings(**ask), DataSettings("none", "none", counts=False)
        train_member(files, member=0, seed=1, settings=settings, data=data, checkpoint_every=5)
        return (tmp_path / f"{name}.pt").read_bytes()

    first = train("one")
    assert first == train("two")
    assert train("half", precision="bfloat16") != first
    with pytest.raises(InputError, match=r"'training\.patch'.*multiples of 2 px.*Remedy: for example \[1"):
        train("odd", patch=[size + 1 for size in patch])
