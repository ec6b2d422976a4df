"""What cannot be searched is refused before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.settings.search_checks import MOST_NETWORKS, check_search
from noisebound.settings.trials import plan_trials, tried_values
from tests.unit.settings.searching import BASE, searching


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
