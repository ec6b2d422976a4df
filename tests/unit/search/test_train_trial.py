"""One network of a search: trained and judged like a member, and what its settings forbid is an outcome."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from noisebound.architecture.settings import GraphSettings
from noisebound.core.errors import InputError
from noisebound.core.storage import read_json
from noisebound.regions.divide import divide
from noisebound.search.train_trial import TrialFiles, TrialSettings, files_beside, outcome_of, train_trial
from noisebound.training.settings import DataSettings, TrainingSettings
from tests.unit.learning_files import SETTINGS, TRAINING, smooth_image, write_architecture, write_regions, write_scan
from tests.unit.unets import plan


def train(folder: Path, name: str, layout: tuple[str, ...] = ("TTS", "TTT"), **changed: Any) -> dict[str, Any]:
    """The outcome of a network on an easy scene."""
    scene = smooth_image((1, 40, 48), 1).astype("float32")
    scan = write_scan(folder / "scan.h5", scene[None], scene)
    regions = write_regions(folder / "regions.json", (40, 48), 6, divide((40, 48), list(layout), (6, 6)))
    train_trial(
        TrialFiles([scan], [regions], folder / f"{name}.json", folder / f"{name}.history.csv"),
        number=0,
        settings=TrialSettings(
            architecture=GraphSettings(**SETTINGS | {key: value for key, value in changed.items() if key in SETTINGS}),
            training=TrainingSettings(**TRAINING | {key: value for key, value in changed.items() if key in TRAINING}),
            data=DataSettings("none", "none", counts=False),
            dimensions=2,
            channels=1,
            seed=5,
        ),
        checkpoint_every=5,
    )
    return read_json(folder / f"{name}.json")


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_a_network_is_trained_and_judged_on_the_select_region(tmp_path: Path, on_the_cpu: None) -> None:
    outcome = train(tmp_path, "a", depth=3)
    history = pd.read_csv(tmp_path / "a.history.csv")
    assert outcome["loss"] == pytest.approx(history["select_loss"].min()) and outcome["depth"] == 3
    # Settings of the training are compared on the same graph.
    train(tmp_path, "b", depth=3, learning_rate=0.001)
    graphs = [read_json(tmp_path / f"{name}.graph.json")["digest"] for name in "ab"]
    assert graphs[0] == graphs[1]
    assert read_json(tmp_path / "b.json")["loss"] != outcome["loss"]


@pytest.mark.parametrize(
    ("changed", "key"),
    [({"parameters": [1, 10]}, "architecture.parameters"), ({"learning_rate": 1e30, "clip": 1e30}, "learning_rate")],
)
def test_settings_that_cannot_be_trained_are_an_outcome(
    tmp_path: Path, on_the_cpu: None, changed: dict[str, Any], key: str
) -> None:
    outcome = train(tmp_path, "a", **changed)
    assert set(outcome) == {"problem"} and key in outcome["problem"]
    assert len(pd.read_csv(tmp_path / "a.history.csv")) == 0


def test_what_is_not_the_fault_of_the_settings_is_an_error(tmp_path: Path, on_the_cpu: None) -> None:
    with pytest.raises(InputError, match="no pixel has the role select"):
        train(tmp_path, "a", layout=("TTT", "TTT"))
    assert not (tmp_path / "a.json").exists()


def test_what_comes_after_the_best_step_does_not_count(tmp_path: Path) -> None:
    graph, history = tmp_path / "graph.json", tmp_path / "history.csv"
    graph.write_text(json.dumps({"depth": 2, "parameters": 7}))
    pd.DataFrame({"select_loss": [0.9, 0.1, 5.0, math.nan], "seconds": [1.0, 2.0, 3.0, 4.0]}).to_csv(
        history, na_rep="nan"
    )
    assert outcome_of(graph, history) == {"loss": 0.1, "depth": 2, "parameters": 7, "seconds": 4.0}
    history.write_text("select_loss,seconds\nnan,1.0\n")
    with pytest.raises(InputError, match="no finite loss on a select region"):
        outcome_of(graph, history)


def test_files_of_a_network_lie_beside_its_outcome_and_a_u_net_has_no_depth(tmp_path: Path) -> None:
    graph, weights, checkpoint = files_beside(tmp_path / "aaaaaaaa-1.json")
    assert [path.name for path in (graph, weights, checkpoint)] == [
        *("aaaaaaaa-1.graph.json", "aaaaaaaa-1.pt", "aaaaaaaa-1.checkpoint.pt"),
    ]
    assert {path.parent for path in (graph, weights, checkpoint)} == {tmp_path}
    write_architecture(graph, plan(2, 1))
    (tmp_path / "h.csv").write_text("select_loss,seconds\n0.5,1.0\n0.75,2.0\n")
    parameters = plan(2, 1).parameter_count()
    assert outcome_of(graph, tmp_path / "h.csv") == {
        **{"loss": 0.5, "depth": None, "parameters": parameters, "seconds": 2.0}
    }
