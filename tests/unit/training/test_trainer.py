"""The training loop: it learns, keeps the best step, stops early, and says what it did."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from noisebound.core.errors import InputError
from noisebound.networks.member_file import load_member
from noisebound.training.role_images import load_role
from noisebound.training.schedule import one_cycle
from noisebound.training.trainer import Trainer
from tests.unit.training.easy_problem import Data, judge, make_data


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums on a GPU may come in another order each time; what is compared to the bit here runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return make_data(tmp_path / "data", layout=["TTS", "TEE"])


def test_the_weights_kept_are_those_of_the_best_step(data: Data, tmp_path: Path) -> None:
    # A rate this high makes the loss jump, so that the last step is not the best.
    weights, history = data.run(tmp_path, steps=60, learning_rate=0.2, averaging=0.0, select_every=3)
    losses = [float(row["select_loss"]) for row in history]
    assert int(np.argmin(losses)) < len(losses) - 1
    assert judge(data, weights) == pytest.approx(min(losses), rel=1e-4)
    step = json.loads(torch.load(weights, weights_only=True)["about"])["step"]
    assert step == int(history[int(np.argmin(losses))]["step"])
    running = np.minimum.accumulate(losses)
    expected = [1, *(int(loss < least) for loss, least in zip(losses[1:], running, strict=False))]
    assert [int(row["best"]) for row in history] == expected


def test_the_history_tells_step_rate_losses_time_and_device(data: Data, tmp_path: Path) -> None:
    _, history = data.run(tmp_path, steps=10, select_every=4)
    assert [int(row["step"]) for row in history] == [4, 8, 10]
    for row in history:
        assert float(row["learning_rate"]) == pytest.approx(one_cycle(int(row["step"]) - 1, 10, 0.02))
        assert row["device"] == "cpu" and float(row["train_loss"]) > 0
    seconds = [float(row["seconds"]) for row in history]
    assert seconds == sorted(seconds) and seconds[0] > 0


def test_training_stops_early_when_the_select_loss_no_longer_improves(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = iter([5, 4, 3, 3.5, 3, 4, 1, 1, 1, 1])
    monkeypatch.setattr(Trainer, "select_loss", lambda self: float(next(course)))
    weights, history = data.run(tmp_path, steps=1000, select_every=2, patience=3)
    # The third check is the best; three more without an improvement end the training before the seventh.
    assert [int(row["step"]) for row in history] == [2, 4, 6, 8, 10, 12]
    assert json.loads(torch.load(weights, weights_only=True)["about"])["step"] == 6


def test_training_learns(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", layout=["TTS", "TTE"])
    weights, history = data.run(tmp_path, steps=150, select_every=10, learning_rate=0.03)
    losses = [float(row["select_loss"]) for row in history]
    assert losses[-1] < 0.5 * losses[0]
    assert float(history[-1]["train_loss"]) < 0.5 * float(history[0]["train_loss"])
    # Better than the noisy frame itself and than a flat image, in the units of the scene.
    network, normalisation = load_member(weights, data.architecture)
    rim = (network.architecture.radius(),) * 2
    covered = {}
    for role in ("train", "test"):
        images = load_role(data.scan, data.regions, role, rim, normalisation, np.random.default_rng(0))
        assert images is not None
        with torch.no_grad():
            lower, median, upper = (q[0][:, images.mask] for q in network(images.noisy[:1]))
        truth, noisy = images.target[0][:, images.mask], images.noisy[0][:, images.mask]
        error = float((median - truth).square().mean())
        assert error < 0.5 * float((noisy - truth).square().mean())
        assert error < 0.5 * float((truth - truth.mean(1, keepdim=True)).square().mean())
        covered[role] = float(((lower <= truth) & (truth <= upper)).float().mean())
    assert 0.8 < covered["train"] < 0.97, covered  # the levels are 0.05 and 0.95


def test_without_a_select_region_the_last_weights_are_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = make_data(tmp_path / "data", layout=["TTE"])
    with caplog.at_level(logging.WARNING, "noisebound"):
        weights, history = data.run(tmp_path, steps=25, select_every=4, patience=1)
    assert "no pixel has role 'select'" in caplog.text
    assert [int(row["step"]) for row in history] == [4, 8, 12, 16, 20, 24, 25]
    assert json.loads(torch.load(weights, weights_only=True)["about"])["step"] == 25
    network, _ = load_member(weights, data.architecture)
    assert all(torch.isfinite(parameter).all() for parameter in network.parameters())


def test_a_diverged_training_delivers_nothing(data: Data, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'training.learning_rate', value 1e\+30.*diverged.*Remedy: lower it"):
        data.run(tmp_path / "out", learning_rate=1e30, steps=40)
    assert not (tmp_path / "out" / "member.pt").exists()
