"""A hyperparameter search beside a run: its own jobs only, and a winner that the run takes."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.workflow.crate_rules import Crate, problems
from tests.workflow.project import Project

KEYS = {"architecture.depth": [1, 3], "architecture.parameters": [[1, 10000], [1, 20]]}


def plan(project: Project, *arguments: str) -> str:
    return project.snakemake("--dry-run", *arguments, check=False).stdout


def test_the_winner_of_a_search_is_taken_by_the_run(run: Project) -> None:
    """On a finished run, which the search does not touch. No graph has 20 parameters or fewer."""
    run.configure(search={"keys": KEYS})
    assert run.planned() == set()
    run.snakemake("--", "search")
    results = run.path / "results" / "tiny"
    table = pd.read_csv(results / "search/trials.csv")
    assert table["rank"].notna().tolist() == [True, True, False, False]
    assert table["problem"][2:].str.contains("no graph drawn").all()
    assert (results / "search/trials.svg").exists()
    best = yaml.safe_load((results / "search/best.yaml").read_text(encoding="utf-8"))["architecture"]
    assert best == {"depth": table["architecture.depth"][0], "parameters": [1, 10000]}
    assert "Nothing to be done" in plan(run, "--", "search")
    # One value more costs its own networks, whatever the order.
    run.configure(search={"keys": KEYS | {"architecture.depth": [4, 1, 3]}})
    assert plan(run, "--", "search").count("\nrule train_trial:") == 2
    with_winner = ("--configfile", "config.yaml", "results/tiny/search/best.yaml")
    text = plan(run, *with_winner)
    assert "Error" not in text and "train_trial" not in text
    assert "rule train_member:" in text
    run.snakemake(*with_winner)
    graph = json.loads((results / "architectures/member-0.json").read_text(encoding="utf-8"))
    assert graph["depth"] == best["depth"]
    # Records of a search are none of the run.
    crate = Crate(results / "provenance")
    assert problems(crate.folder) == []
    assert "rank_trials" not in {entity["name"] for entity in crate.of_type("HowToStep")}
    assert "train_trial" not in (results / "report/jobs.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({}, ["config.yaml", "search.keys", "nothing is to be searched"]),
        ({"keys": {"architecture.deep": [1]}}, ["search.keys.architecture.deep", "there is no such key"]),
        ({"keys": {"architecture.depth": []}}, ["search.keys.architecture.depth", "a list of one or more values"]),
        ({"keys": {"architecture.depth": [1, 0]}}, ["search.keys architecture.depth", "value 0", "at least 1"]),
        (
            {"method": "random", "trials": 0, "keys": {"architecture.depth": [1]}},
            ["search.trials", "value 0", "at least 1"],
        ),
        (
            {"keys": {"architecture.depth": [1], "training.patch": [[24, 24], [8, 8]]}},
            ["the trial with depth 1, patch [8, 8] cannot be trained", "no pixel that counts"],
        ),
    ],
)
def test_a_search_that_cannot_be_is_refused_before_anything_runs(
    fresh: Project, search: dict[str, Any], words: list[str]
) -> None:
    fresh.configure(search=search)
    text = plan(fresh, "--", "search")
    assert all(word in text for word in words), text
    assert "Job stats" not in text


def test_a_search_needs_a_select_region(fresh: Project) -> None:
    fresh.configure(search={"keys": {"architecture.depth": [1]}}, regions={"layout": ["TTT", "TTT", "TCE"]})
    assert "judged on the select regions" in plan(fresh, "--", "search")


def test_a_search_trains_its_networks_and_nothing_else(fresh: Project) -> None:
    fresh.configure(search={"keys": {"architecture.depth": [1, 2, 3]}, "repeats": 2})
    text = plan(fresh, "--", "search")
    assert text.count("\nrule train_trial:") == 6 and text.count("\nrule rank_trials:") == 1
    assert "rule train_member:" not in text and "ensemble" not in text
