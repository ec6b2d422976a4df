"""Which trials a search makes, and which it refuses."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from noisebound.core.errors import InputError
from noisebound.settings.search_checks import MOST_NETWORKS, check_search
from noisebound.settings.trial import in_words, search_seed, with_changes
from noisebound.settings.trials import plan_trials, tried_values

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
    assert len(plan_trials(searching(keys, method="random", trials=MOST_NETWORKS))) > 900
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
