"""Checkpoints: a killed training continues without a trace, and never another one."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from noisebound.geometry.boxes import Box
from tests.unit.learning_files import (
    smooth_image,
    write_regions,
    write_scan,
)
from tests.unit.training.easy_problem import ROOT, Bomb, Data, interrupt, make_data


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums on a GPU may come in another order each time; what is compared to the bit here runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return make_data(tmp_path / "data", layout=["TTS", "TEE"])


# Trains like the workflow does; with a step given, it stops there for ever, as if the machine hung.
SCRIPT = """
import json, logging, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
from noisebound.training import train_member as training
from tests.unit.training.easy_problem import Data
content = json.loads(sys.argv[2])
hang = content.pop("hang")
advance = training.Trainer.advance
def slow(self):
    if self.step == hang:
        print("hanging", flush=True)
        time.sleep(600)
    advance(self)
training.Trainer.advance = slow
folder = Path(content.pop("folder"))
Data(**{key: Path(v) if key in ("architecture", "scan", "regions") else v for key, v in content.items()}).run(folder)
"""


def start(data: Data, folder: Path, hang: int | None) -> subprocess.Popen[str]:
    content = {**data.__dict__, "folder": folder, "hang": hang}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "workflow" / "lib"),
        "CUDA_VISIBLE_DEVICES": "",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", SCRIPT, str(ROOT), json.dumps(content, default=str)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_a_killed_training_continues_to_the_very_same_weights(data: Data, tmp_path: Path) -> None:
    expected, history = data.run(tmp_path / "whole")
    folder = tmp_path / "killed"
    process = start(data, folder, hang=8)  # checkpoints are written at steps 5 and 10
    assert process.stdout is not None
    for line in process.stdout:
        if "hanging" in line:
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -9
    process.stdout.close()
    assert os.listdir(folder) == ["member.checkpoint.pt"]
    again = start(data, folder, hang=None)
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0, output
    assert "continuing from step 5" in output
    assert (folder / "member.pt").read_bytes() == expected.read_bytes()
    with open(folder / "member.history.csv", encoding="utf-8") as stream:
        resumed = list(csv.DictReader(stream))
    assert [{**row, "seconds": ""} for row in resumed] == [{**row, "seconds": ""} for row in history]
    assert sorted(os.listdir(folder)) == ["member.checkpoint.pt", "member.history.csv", "member.pt"]


def change_regions(data: Data) -> Data:
    boxes = (Box("train", (0, 0), (30, 20)), Box("select", (0, 26), (30, 36)))
    return replace(data, regions=write_regions(data.regions.with_name("other.json"), (30, 36), 4, boxes))


def change_scan(data: Data) -> Data:
    scene = smooth_image((2, 30, 36), 2).astype(np.float32)
    noisy = scene + np.random.default_rng(9).normal(0, 2, (3, *scene.shape)).astype(np.float32)
    return replace(data, scan=write_scan(data.scan.with_name("other.h5"), noisy.astype(np.float32), scene))


def change_what_was_read(data: Data) -> Data:
    """The same files of the instrument, read by other code."""
    copy = data.scan.with_name("read again.h5")
    shutil.copy(data.scan, copy)
    with h5py.File(copy, "r+") as stored:
        stored["noisy"][0] = stored["noisy"][0] * 2
    return replace(data, scan=copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: replace(data, seed=77),
        lambda data: replace(data, settings={**data.settings, "learning_rate": 0.01}),
        lambda data: replace(data, settings={**data.settings, "levels": [0.1, 0.9]}),
        lambda data: replace(data, counts=True),
        lambda data: replace(data, code="edited"),
        change_regions,
        change_scan,
        change_what_was_read,
    ],
    ids=["seed", "learning rate", "levels", "transform", "code", "regions", "scan", "reader"],
)
def test_a_checkpoint_of_another_training_is_ignored(
    data: Data,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = change(data)
    expected, _ = changed.run(tmp_path / "whole")
    interrupt(data, tmp_path / "cut", monkeypatch, 7)
    with caplog.at_level(logging.INFO, "noisebound"):
        weights, _ = changed.run(tmp_path / "cut")
    assert "belongs to other data, settings or code" in caplog.text and "continuing" not in caplog.text
    assert weights.read_bytes() == expected.read_bytes()


def foreign(name: str, crater: Path) -> bytes:
    """Content of a checkpoint that is none."""
    stream = io.BytesIO()
    torch.save({"list": [1.5, 2.5], "dict": {"step": 3}, "bomb": {"digest": Bomb(crater)}}[name], stream)
    return stream.getvalue()


@pytest.mark.parametrize("damage", ["torn", "empty", "text", "list", "dict", "bomb"])
def test_a_torn_or_foreign_checkpoint_is_ignored(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected, _ = data.run(tmp_path / "whole")
    checkpoint = interrupt(data, tmp_path / "cut", monkeypatch, 7)
    whole = checkpoint.read_bytes()
    damaged = {"torn": whole[: len(whole) // 2], "empty": b"", "text": b"checkpoint"}
    checkpoint.write_bytes(damaged[damage] if damage in damaged else foreign(damage, tmp_path / "crater"))
    with caplog.at_level(logging.INFO, "noisebound"):
        weights, _ = data.run(tmp_path / "cut")
    assert "starting from the first step" in caplog.text
    assert weights.read_bytes() == expected.read_bytes() and not (tmp_path / "crater").exists()
