"""A configuration with its sheet, checked as a whole; a search is counted before it is listed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from noisebound.core.errors import InputError
from noisebound.scans.sheet_row import SheetRow
from noisebound.settings.configuration import check_configuration, check_plan, check_sheet, file_names, planned_trials

ROWS = {
    "learn": SheetRow("learn", "train", ("a.tif",), "leave-one-out"),
    "choose": SheetRow("choose", "select", ("b.tif",), "leave-one-out"),
    "adjust": SheetRow("adjust", "calibrate", ("c.tif",), "leave-one-out"),
}


def configuration(**sections: Any) -> dict[str, Any]:
    return check_configuration({"run": "r", "scans": "s.tsv", **sections}, "run.yaml")


def searching(keys: dict[str, Any], **more: Any) -> dict[str, Any]:
    return configuration(search={"keys": keys, **more})


def test_a_configuration_of_two_keys_is_filled_in() -> None:
    settings = configuration()
    assert settings["training"]["patch"] == [128, 128] and settings["results"] == "results"
    check_plan(ROWS, settings, "run.yaml")
    assert planned_trials(ROWS, settings, "run.yaml") == {}
    assert file_names(["a.yaml", Path("b.yaml")]) == "a.yaml, b.yaml"


def test_an_ensemble_of_members_given_as_a_float_is_counted_as_a_whole_number() -> None:
    assert list(range(configuration(architecture={"members": 2.0})["architecture"]["members"])) == [0, 1]


GRID = {f"architecture.{key}": [n / 10 for n in range(10)] for key in ("alpha", "gamma", "p_input", "p_output")} | {
    "architecture.depth": list(range(1, 11)),
    "architecture.latent": list(range(1, 11)),
    "architecture.hidden": list(range(1, 11)),
}


@pytest.mark.parametrize(
    "search",
    [
        {"keys": GRID},
        {"keys": {f"architecture.{key}": list(range(1, 1001)) for key in ("depth", "latent", "hidden")}},
        {"keys": GRID, "method": "random", "trials": 10_000_000},
        {"keys": GRID, "method": "random", "trials": 20, "repeats": 1_000_000},
        {"keys": {"architecture.depth": list(range(1, 1000))}, "repeats": 10},
    ],
    ids=["grid of 1e7", "grid of 1e9", "random", "repeats", "one key"],
)
def test_a_search_that_nobody_would_train_is_refused_within_a_second(search: dict[str, Any]) -> None:
    begin = time.perf_counter()
    with pytest.raises(InputError, match="more than 1000 networks"):
        planned_trials(ROWS, configuration(search=search), "run.yaml")
    assert time.perf_counter() - begin < 1


def test_a_search_of_many_values_is_planned_within_seconds() -> None:
    keys = {key: list(range(1, 1001)) for key in ("architecture.latent", "architecture.hidden", "training.batch")}
    begin = time.perf_counter()
    assert len(planned_trials(ROWS, searching(keys, method="random", trials=100), "run.yaml")) == 100
    assert time.perf_counter() - begin < 3


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("architecture.depth", [2, 0]),
        ("architecture.depth", [2, 2.5]),
        ("architecture.depth", [2, True]),
        ("architecture.depth", {"from": 1, "to": 2.5}),
        ("architecture.dilations", [[1], []]),
        ("training.learning_rate", ["1e-3"]),
        ("architecture.p_input", {"from": 0.5, "to": 1.5}),
    ],
)
def test_values_that_a_key_does_not_take(key: str, values: Any) -> None:
    with pytest.raises(InputError, match=f"run.yaml.*'search.keys {key}.*Remedy: "):
        planned_trials(ROWS, searching({key: values}, method="random"), "run.yaml")


def test_whole_numbers_of_a_search_are_whole() -> None:
    """``2.0`` is the same trial as ``2``, and a range of whole numbers has whole numbers in it."""
    name = {tuple(planned_trials(ROWS, searching({"architecture.depth": [value]}), "run.yaml")) for value in (2, 2.0)}
    assert len(name) == 1
    drawn = planned_trials(
        ROWS, searching({"architecture.depth": {"from": 2.0, "to": 9.0}}, method="random"), "run.yaml"
    )
    assert {type(trial.settings["architecture"]["depth"]) for trial in drawn.values()} == {int}


def test_a_row_that_only_the_schema_refuses() -> None:
    check_sheet(list(ROWS.values()), "s.tsv")
    with pytest.raises(InputError, match=r"s\.tsv.*scans\.0\.role"):
        check_sheet([SheetRow("a", "referee", ("a.tif",))], "s.tsv")
    with pytest.raises(InputError, match=r"s\.tsv.*scans\.0\.pixel_size\.0.*finite"):
        check_sheet([SheetRow("a", "apply", ("a.tif",), pixel_size=(float("nan"),), pixel_unit="nm")], "s.tsv")
