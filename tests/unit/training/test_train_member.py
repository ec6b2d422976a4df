"""Training: the loss against quantiles, interruption without a trace, the best weights, and refusals."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from scipy.stats.mstats import mquantiles

from noisebound.architecture.random_graph import Architecture
from noisebound.core.errors import InputError, LeakageError
from noisebound.geometry.boxes import Box
from noisebound.geometry.tiling import DEFAULT_TILE
from noisebound.networks.graph_network import MemberNetwork
from noisebound.networks.losses import pinball_loss, quantile_loss
from noisebound.networks.member_file import load_member, save_member
from noisebound.networks.normalisation import Normalisation
from noisebound.regions.divide import divide
from noisebound.regions.regions import Regions
from noisebound.settings.defaults import default_patch
from noisebound.training.patches import load_role
from noisebound.training.schedule import one_cycle
from noisebound.training.settings import DataSettings, TrainingSettings
from noisebound.training.train_member import TrainingFiles, train_member
from noisebound.training.trainer import Trainer
from tests.unit.learning_files import (
    TRAINING,
    draw_small,
    smooth_image,
    write_architecture,
    write_regions,
    write_scan,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums on a GPU may come in another order each time; what is compared to the bit here runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@dataclass
class Data:
    """One training's files and settings; ``run`` trains into a folder."""

    architecture: Path
    scan: Path
    regions: Path
    settings: dict[str, Any]
    counts: bool = False
    seed: int = 3
    code: str = ""

    def run(self, folder: Path, **changes: Any) -> tuple[Path, list[dict[str, str]]]:
        """Weights and history."""
        folder.mkdir(parents=True, exist_ok=True)
        member = Architecture.read(self.architecture).member
        weights, history = folder / "member.pt", folder / "member.history.csv"
        transform = "sqrt" if self.counts else "none"
        train_member(
            TrainingFiles(self.architecture, [self.scan], [self.regions], weights, history),
            member=member,
            seed=changes.pop("seed", self.seed),
            settings=TrainingSettings(**{**self.settings, **changes}),
            data=DataSettings(transform, transform, self.counts),
            checkpoint_every=5,
            code=self.code,
        )
        with open(folder / "member.history.csv", encoding="utf-8") as stream:
            return folder / "member.pt", list(csv.DictReader(stream))


def make_data(folder: Path, *, layout: list[str], dimensions: int = 2, noise: float = 2.0, **settings: Any) -> Data:
    """An easy problem: a smooth scene, its noisy repeats and the scene itself, divided by ``layout``."""
    shape = (7, 30, 36)[3 - dimensions :]
    graph = draw_small(dimensions=dimensions, image_channels=2, seed=2, max_radius=4)
    scene = smooth_image((2, *shape), 1).astype(np.float32)
    noisy = scene + np.random.default_rng(0).normal(0, noise, (3, *scene.shape)).astype(np.float32)
    radius = graph.radius()
    return Data(
        write_architecture(folder / "architecture.json", graph),
        write_scan(folder / "scan.h5", noisy.astype(np.float32), scene),
        write_regions(folder / "regions.json", shape, radius, divide(shape, layout, (radius,) * dimensions)),
        {**TRAINING, "patch": [12, 20, 20][3 - dimensions :], **settings},
    )


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return make_data(tmp_path / "data", layout=["TTS", "TEE"])


def test_the_loss_is_the_definition_summed_pixel_by_pixel() -> None:
    random = np.random.default_rng(0)
    for spatial in ((4, 5), (2, 3, 4)):
        prediction, target = random.normal(size=(2, 2, 3, *spatial))
        mask = random.random((2, 1, *spatial)) < 0.4
        losses = []
        for level in (0.05, 0.5, 0.9):
            total, n = 0.0, 0
            for b, c, *where in np.ndindex(2, 3, *spatial):
                if mask[(b, 0, *where)]:
                    error = target[(b, c, *where)] - prediction[(b, c, *where)]
                    total += level * error if error >= 0 else (level - 1) * error
                    n += 1
            parts = torch.tensor(prediction), torch.tensor(target)
            losses.append(float(pinball_loss(*parts, level, torch.tensor(mask))))
            assert losses[-1] == pytest.approx(total / n, rel=1e-12)
        together = quantile_loss([parts[0]] * 3, parts[1], (0.05, 0.5, 0.9), torch.tensor(mask))
        assert float(together) == pytest.approx(sum(losses), rel=1e-12)


@pytest.mark.parametrize("level", [0.05, 0.25, 0.5, 0.95])
@pytest.mark.parametrize("name", ["normal", "exponential", "poisson"])
def test_the_minimiser_is_the_quantile(level: float, name: str) -> None:
    sample = getattr(np.random.default_rng(4), name)(5, size=1001)
    target = torch.tensor(sample).reshape(1, 1, 7, 143)
    everywhere = torch.ones_like(target, dtype=torch.bool)
    candidates = np.unique(np.concatenate([sample, np.linspace(sample.min(), sample.max(), 2001)]))
    losses = [float(pinball_loss(torch.full_like(target, c), target, level, everywhere)) for c in candidates]
    best = candidates[np.argmin(losses)]
    assert best == pytest.approx(np.quantile(sample, level, method="inverted_cdf"), abs=1e-12)
    # Definitions of a sample quantile differ by less than the gap between neighbours.
    ordered = np.sort(sample)
    position = np.searchsorted(ordered, best)
    assert ordered[max(position - 1, 0)] <= mquantiles(sample, level)[0] <= ordered[min(position + 1, 1000)]


def test_pixels_outside_of_the_mask_do_not_count_not_even_nan() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randn((2, 3, 6, 7), generator=generator)
    mask = torch.rand((2, 1, 6, 7), generator=generator) < 0.5
    spoilt = target.masked_fill(~mask, torch.nan)
    results = []
    for truth in (target, spoilt):
        prediction = torch.zeros_like(target, requires_grad=True)
        loss = pinball_loss(prediction, truth, 0.3, mask)
        loss.backward()
        assert prediction.grad is not None
        assert (prediction.grad[~mask.expand_as(target)] == 0).all()
        assert (prediction.grad[mask.expand_as(target)] != 0).all()
        results.append((float(loss.detach()), prediction.grad))
    assert results[0][0] == results[1][0] and torch.equal(results[0][1], results[1][1])
    assert float(pinball_loss(target, spoilt, 0.3, torch.zeros_like(mask))) == 0


@pytest.mark.parametrize("steps", [1, 2, 7, 100, 3001])
def test_one_cycle_rises_once_to_the_peak_and_falls_towards_zero(steps: int) -> None:
    rates = np.array([one_cycle(step, steps, 0.01) for step in range(steps)])
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) > 0).all() and (np.diff(rates[top:]) < 0).all()
    assert (rates > 0).all() and rates.max() <= 0.01 * (1 + 1e-12)
    if steps >= 100:
        assert top / steps == pytest.approx(0.2, abs=0.01) and rates.max() == pytest.approx(0.01)
        assert rates[0] < 0.05 * 0.01 and rates[-1] < 0.01 * 0.01
        # Smooth: no step is larger than the steepest slope of a cosine over a fifth of the steps.
        assert np.abs(np.diff(rates)).max() <= 0.01 * np.pi / 2 / (0.2 * steps) * 1.05


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


# Trains like the workflow does; with a step given, it stops there for ever, as if the machine hung.
SCRIPT = """
import json, logging, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
from noisebound.training import train_member as training
from tests.unit.training.test_train_member import Data
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


def interrupt(data: Data, folder: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> Path:
    """Train until an exception at ``step``; the checkpoint that is left."""
    advance = Trainer.advance

    def fail(self: Trainer) -> None:
        if self.step == step:
            raise RuntimeError("the machine is taken away")
        advance(self)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "advance", fail)
        with pytest.raises(RuntimeError, match="taken away"):
            data.run(folder)
    assert not (folder / "member.pt").exists()
    return folder / "member.checkpoint.pt"


def change_regions(data: Data) -> Data:
    boxes = (Box("train", (0, 0), (30, 20)), Box("select", (0, 26), (30, 36)))
    return replace(data, regions=write_regions(data.regions.with_name("other.json"), (30, 36), 4, boxes))


def change_scan(data: Data) -> Data:
    scene = smooth_image((2, 30, 36), 2).astype(np.float32)
    noisy = scene + np.random.default_rng(9).normal(0, 2, (3, *scene.shape)).astype(np.float32)
    return replace(data, scan=write_scan(data.scan.with_name("other.h5"), noisy.astype(np.float32), scene))


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
    ],
    ids=["seed", "learning rate", "levels", "transform", "code", "regions", "scan"],
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


class Bomb:
    """Unpickling this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (self.path, "boom")


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


def judge(data: Data, weights: Path) -> float:
    """Select loss of a member file, by the plain network and the definition of the loss."""
    network, normalisation = load_member(weights, data.architecture)
    radius = network.architecture.radius()
    rim = (radius,) * network.architecture.dimensions
    images = load_role(data.scan, data.regions, "select", rim, normalisation, np.random.default_rng(0))
    assert images is not None
    total = 0.0
    for frame in range(len(images.noisy)):
        with torch.no_grad():
            quantiles = network(images.noisy[frame][None])
        for quantile, level in zip(quantiles, (0.05, 0.5, 0.95), strict=True):
            error = (images.target[0] - quantile[0])[:, images.mask].double().numpy()
            total += float(np.where(error > 0, level * error, (level - 1) * error).mean())
    return total / len(images.noisy)


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


def test_the_select_loss_does_not_depend_on_how_the_area_is_cut(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = [float(row["select_loss"]) for row in data.run(tmp_path / "whole", steps=8)[1]]
    monkeypatch.setitem(DEFAULT_TILE, 2, (5, 7))
    cut = [float(row["select_loss"]) for row in data.run(tmp_path / "cut", steps=8)[1]]
    assert cut == pytest.approx(whole, rel=1e-5)


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


def test_a_diverged_training_delivers_nothing(data: Data, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'training.learning_rate', value 1e\+30.*diverged.*Remedy: lower it"):
        data.run(tmp_path / "out", learning_rate=1e30, steps=40)
    assert not (tmp_path / "out" / "member.pt").exists()


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
