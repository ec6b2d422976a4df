"""Which trials a search makes, how they are trained and ranked, and what its winner's file holds."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from noisebound.architecture.settings import GraphSettings
from noisebound.core.errors import InputError
from noisebound.core.storage import read_json
from noisebound.regions.divide import divide
from noisebound.search.rank_trials import rank_trials
from noisebound.search.train_trial import TrialFiles, TrialSettings, judge_network, train_trial
from noisebound.settings import trials as search
from noisebound.settings.trials import check_search, in_words, plan_trials, search_seed, tried_values, with_changes
from noisebound.training.settings import DataSettings, TrainingSettings
from tests.unit.learning_files import SETTINGS, TRAINING, smooth_image, write_regions, write_scan

PROJECT = Path(__file__).parents[3]


def defaults(node: dict[str, Any]) -> Any:
    """What the schema fills in, section by section."""
    if "properties" not in node:
        return copy.deepcopy(node.get("default"))
    return {name: defaults(child) for name, child in node["properties"].items()}


SCHEMA = yaml.safe_load((PROJECT / "workflow" / "schemas" / "config.schema.yaml").read_text(encoding="utf-8"))
BASE: dict[str, Any] = defaults(SCHEMA) | {"seed": 3}


def searching(keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return copy.deepcopy(BASE | {"search": BASE["search"] | {"keys": keys, **more}})


def changes(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return [trial.changes for trial in plan_trials(settings, "run.yaml")]


def test_a_grid_is_every_combination_once() -> None:
    found = changes(searching({"architecture.depth": [2, 4, 2], "architecture.channels": [[4], [8, 16]]}))
    assert [(trial["architecture.depth"], trial["architecture.channels"]) for trial in found] == [
        *((2, [4]), (2, [8, 16]), (4, [4]), (4, [8, 16])),
    ]
    assert in_words(found[1]) == "depth 2, channels [8, 16]"
    assert plan_trials(BASE) == []


def test_trials_keep_their_names_and_networks_when_a_search_grows() -> None:
    few = plan_trials(searching({"architecture.depth": [2, 4]}))
    more = plan_trials(searching({"architecture.alpha": [0.1, 0.5], "architecture.depth": [1, 2, 4]}))
    assert BASE["architecture"]["alpha"] == 0.5
    names = {(t.settings["architecture"]["alpha"], t.settings["architecture"]["depth"]): t.name for t in more}
    assert [trial.name for trial in few] == [names[0.5, 2], names[0.5, 4]]
    assert len(set(names.values())) == 6
    other = BASE | {"training": BASE["training"] | {"steps": 7}}
    assert not {t.name for t in few} & {t.name for t in plan_trials(other | {"search": few[0].settings["search"]})}


def test_settings_that_mean_the_same_networks_are_one_trial() -> None:
    keys = {"architecture.family": ["random", "unet"], "architecture.depth": [2, 4]}
    settings = searching(keys)
    settings["architecture"]["max_radius"] = 20
    found = changes(settings)
    assert [tuple(trial.values()) for trial in found] == [("random", 2), ("random", 4), ("unet", 2)]


def test_more_random_trials_or_keys_leave_the_earlier_draws_as_they_are() -> None:
    keys: dict[str, Any] = {"training.learning_rate": {"from": 1e-3, "to": 1e-1, "log": True}}
    few = changes(searching(keys, method="random", trials=5))
    many = changes(searching({"architecture.depth": [1, 2]} | keys, method="random", trials=50))
    rates = [trial["training.learning_rate"] for trial in many]
    assert [trial["training.learning_rate"] for trial in few] == rates[:5]
    assert 1e-3 <= min(rates) < 5e-3 and 2e-2 < max(rates) <= 1e-1
    assert 15 <= sum(rate < 1e-2 for rate in rates) <= 35, "half of them below the middle of the logarithms"
    assert {trial["architecture.depth"] for trial in many} == {1, 2}
    other = changes(searching(keys, method="random", trials=5) | {"seed": 4})
    assert other != few
    alike = {key: {"from": 0.0, "to": 1.0} for key in ("architecture.p_input", "architecture.p_output")}
    for trial in changes(searching(alike, method="random", trials=5)):
        assert trial["architecture.p_input"] != trial["architecture.p_output"]


def test_whole_ranges_give_whole_numbers_with_both_ends() -> None:
    for log in (False, True):
        keys = {"architecture.depth": {"from": 2, "to": 4, "log": log}}
        found = changes(searching(keys, method="random", trials=200))
        assert {trial["architecture.depth"] for trial in found} == {2, 3, 4}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"architecture.deepth": [1]}, "there is no such key"),
        ({"architecture.unet": [1]}, "name single keys"),
        ({"data.dimensions": [2, 3]}, "name single keys of the sections architecture and training"),
        ({"architecture.max_radius": [5]}, "the regions follow from it"),
        ({"training.levels": [[0.1, 0.9]]}, "losses of other quantiles cannot be compared"),
        ({"architecture.depth": {"from": 1, "to": 3}}, "a grid cannot list a range"),
    ],
)
def test_what_cannot_be_searched_is_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as raised:
        list(tried_values(searching(keys), "run.yaml"))
    assert f"search.keys.{next(iter(keys))}" in str(raised.value) and "run.yaml" in str(raised.value)


@pytest.mark.parametrize("limits", [{"from": 3, "to": 3}, {"from": 0.0, "to": 1.0, "log": True}])
def test_an_empty_range_is_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="this is not a range"):
        list(tried_values(searching({"architecture.depth": limits}, method="random")))


def test_the_schema_is_asked_about_every_value_and_the_ends_of_ranges() -> None:
    keys = {"architecture.depth": [2, 4], "architecture.alpha": {"from": 0.1, "to": 0.9}}
    found = list(tried_values(searching(keys, method="random")))
    assert found == [("architecture.depth", value) for value in (2, 4)] + [
        ("architecture.alpha", value) for value in (0.1, 0.9)
    ]


def test_combinations_that_contradict_each_other_are_refused() -> None:
    keys = {"architecture.dilations": [[1, 2], [20]], "architecture.depth": [2]}
    with pytest.raises(InputError) as raised:
        plan_trials(searching(keys), "run.yaml")
    for words in ("the trial with dilations [20], depth 2 cannot be trained", "run.yaml", "reaches 40 px", "Remedy: "):
        assert words in str(raised.value)
    assert str(raised.value).count("Remedy") == 1


def test_a_key_that_changes_no_network_is_refused() -> None:
    keys = {"architecture.unet.levels": [1, 2]}
    with pytest.raises(InputError, match=r"architecture\.family random do not depend on this key"):
        plan_trials(searching(keys))
    assert len(plan_trials(searching(keys | {"architecture.family": ["random", "unet"]}))) == 3


def test_a_grid_that_nobody_would_train_is_refused_at_once() -> None:
    keys = {f"architecture.{key}": [0.1 * n for n in range(10)] for key in ("alpha", "gamma", "p_input", "p_output")}
    with pytest.raises(InputError, match=r"10000 trials with search\.repeats 1 are more than 1000 networks"):
        plan_trials(searching(keys))
    assert len(plan_trials(searching(keys, method="random", trials=search.MOST_NETWORKS))) > 900
    with pytest.raises(InputError, match=r"501 trials with search\.repeats 2 are more than 1000 networks"):
        plan_trials(searching(keys, method="random", trials=501, repeats=2))


def test_a_search_needs_a_select_region() -> None:
    check_search(BASE, {"train"})
    check_search(searching({"architecture.depth": [1]}), {"train", "select"})
    with pytest.raises(InputError, match="judged on the select regions, and there are none"):
        check_search(searching({"architecture.depth": [1]}), {"train", "test"})


def test_changes_of_a_trial_leave_the_configuration_alone() -> None:
    settings = searching({"architecture.depth": [1]})
    before = copy.deepcopy(settings)
    changed = with_changes(settings, {"architecture.depth": 1, "architecture.unet.levels": 3})
    assert settings == before
    assert (changed["architecture"]["depth"], changed["architecture"]["unet"]["levels"]) == (1, 3)
    assert changed["architecture"]["channels"] == [4, 8]


def test_seeds_of_a_search_are_not_those_of_the_run() -> None:
    assert search_seed(1) != search_seed(2) != 2
    assert search_seed(1) == search_seed(1)


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
    assert judge_network(graph, history) == {"loss": 0.1, "depth": 2, "parameters": 7, "seconds": 4.0}
    history.write_text("select_loss,seconds\nnan,1.0\n")
    with pytest.raises(InputError, match="no finite loss on a select region"):
        judge_network(graph, history)


TRIALS: dict[str, dict[str, Any]] = {
    "aaaaaaaa": {"architecture.depth": 2, "training.weight_decay": 1e-5},
    "bbbbbbbb": {"architecture.depth": 4, "training.weight_decay": 0.01},
    "cccccccc": {"architecture.depth": 9, "training.weight_decay": 0.01},
}


def ranked(folder: Path, outcomes: list[Any], trials: dict[str, dict[str, Any]] = TRIALS) -> tuple[pd.DataFrame, str]:
    """The table of trials, and the text of the winner's file."""
    files = [folder / f"{number}.json" for number in range(len(outcomes))]
    for file, outcome in zip(files, outcomes, strict=True):
        file.write_text(json.dumps(outcome))
    table, best, figure = (folder / name for name in ("trials.csv", "best.yaml", "trials.svg"))
    rank_trials(files, table, best, figure, trials=trials, run="r")
    assert figure.read_text().count("<svg") == 1
    return pd.read_csv(table), best.read_text()


def network(loss: float, depth: int | None = 2) -> dict[str, Any]:
    return {"loss": loss, "depth": depth, "parameters": 100 * (depth or 1), "seconds": 3.0}


FAILED = {"problem": "no graph. Remedy: another."}


def test_the_smallest_mean_loss_wins_and_what_failed_is_named(tmp_path: Path) -> None:
    """The first trial has the single best network, the second the better mean; one network of the third failed."""
    found, best = ranked(
        tmp_path, [network(0.1), network(0.7), network(0.3, 4), network(0.3, 4), network(0.01, 9), FAILED]
    )
    assert found["trial"].tolist() == ["bbbbbbbb", "aaaaaaaa", "cccccccc"]
    assert found["rank"].tolist()[:2] == [1, 2] and math.isnan(found["rank"][2])
    assert found["loss"].tolist()[:2] == pytest.approx([0.3, 0.4]) and math.isnan(found["loss"][2])
    assert found["error"].tolist()[:2] == pytest.approx([0.0, 0.3])
    assert found["parameters"].tolist()[:2] == [400, 200]
    assert found["problem"].fillna("").tolist() == ["", "", "1 of 2 networks: no graph. Remedy: another."]
    assert found["architecture.depth"].tolist() == [4, 2, 9]
    assert yaml.safe_load(best) == {"architecture": {"depth": 4}, "training": {"weight_decay": 0.01}}
    assert "--configfile config/my-run.yaml" in best and "1 could not be trained" in best


def test_the_winner_says_how_sure_the_order_is(tmp_path: Path) -> None:
    """Standard errors 0.01, 0.01 and 0.2: the second lies 0.1 above the first, the third 0.3 above it."""
    pairs = [(0.29, 0.31), (0.39, 0.41), (0.4, 0.8)]
    _, best = ranked(tmp_path, [network(loss) for pair in pairs for loss in pair])
    assert "loss 0.3 ± 0.01" in best and "1 of the 2 other trials within two standard errors" in best
    assert "rather too low" in best
    assert "1 of the 2 other trials" in (tmp_path / "trials.svg").read_text()
    # Standard errors 0.2 and 0.2 are 0.28 together: 0.7 is more than twice that.
    _, best = ranked(tmp_path, [*map(network, (0.1, 0.5, 0.8, 1.2)), FAILED, FAILED])
    assert "0 of the 1 other trials within two standard errors" in best
    _, best = ranked(tmp_path, [network(0.5), network(0.6), network(0.7)])
    assert "one network per trial: the order may be chance" in best and "±" not in best
    assert yaml.safe_load(best) == {"architecture": {"depth": 2}, "training": {"weight_decay": 1e-5}}
    _, best = ranked(tmp_path, [network(0.5), FAILED, FAILED])
    assert "no other trial to compare with" in best and "too low" not in best


def test_of_equal_losses_fewer_parameters_win(tmp_path: Path) -> None:
    found, _ = ranked(tmp_path, [network(0.5, 6), network(0.5, 4), network(0.5, 9)])
    assert found["trial"].tolist() == ["bbbbbbbb", "aaaaaaaa", "cccccccc"]


def test_numbers_of_the_winner_are_numbers_to_yaml(tmp_path: Path) -> None:
    trial = {"training.weight_decay": 1e-5, "architecture.input_to_output": True, "architecture.channels": [4, 8]}
    _, best = ranked(tmp_path, [network(0.5, None)], {"aaaaaaaa": trial})
    content = yaml.safe_load(best)
    assert content["training"]["weight_decay"] == 1e-5
    assert content["architecture"] == {"input_to_output": True, "channels": [4, 8]}


def test_a_search_of_which_nothing_could_be_trained_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of 3 trials could be trained; the first, with depth 2.*: no graph"):
        ranked(tmp_path, [FAILED] * 3)
