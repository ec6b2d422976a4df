"""Which trials a search makes, and which it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings.trial import in_words
from noisebound.settings.trials import plan_trials, tried_values
from tests.unit.settings.searching import BASE, searching


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
