"""Trials by their mean loss: their order, their errors, and which lie near the winner."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import sem

from noisebound.search.ranking import COLUMNS, certainty, rank
from tests.unit.search.outcomes import FAILED, network, ranked


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


def test_of_equal_losses_fewer_parameters_win(tmp_path: Path) -> None:
    found, _ = ranked(tmp_path, [network(0.5, 6), network(0.5, 4), network(0.5, 9)])
    assert found["trial"].tolist() == ["bbbbbbbb", "aaaaaaaa", "cccccccc"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=2, max_size=12), st.integers(1, 3))
def test_ranks_are_the_order_of_mean_loss_then_of_parameters(drawn: list[tuple[int, int]], repeats: int) -> None:
    """Losses of few values, so that many are equal."""
    trials = {f"trial-{number}": {"architecture.depth": depth} for number, (_, depth) in enumerate(drawn)}
    losses = {name: [loss + 0.5 * k for k in range(repeats)] for name, (loss, _) in zip(trials, drawn, strict=True)}
    depths = {name: changes["architecture.depth"] for name, changes in trials.items()}
    outcomes = [network(loss, depths[name]) for name in trials for loss in losses[name]]
    found = rank(trials, outcomes)
    assert list(found.columns) == [*COLUMNS, "architecture.depth"] and set(found["trial"]) == set(trials)
    assert found["rank"].tolist() == list(range(1, len(trials) + 1))
    order = [(np.mean(losses[name]), depths[name]) for name in found["trial"]]
    assert order == sorted(order)
    for _, row in found.iterrows():
        if repeats == 1:
            assert math.isnan(row["error"])
        else:
            assert row["error"] == pytest.approx(sem(losses[row["trial"]]))


def test_a_trial_is_near_the_winner_within_two_standard_errors_of_both() -> None:
    facts = {"rank": pd.Series([1, 2, 3, pd.NA], dtype="Int64"), "loss": [1.0, 1.0, 1.0, math.nan]}
    table = pd.DataFrame({**facts, "error": [0.3, 0.4, 0.0, math.nan]})
    for second, third, near in ((1.99, 1.59, 2), (2.01, 1.59, 1), (1.99, 1.61, 1), (2.01, 1.61, 0)):
        table["loss"] = [1.0, second, third, math.nan]  # 2 sqrt(0.3^2 + 0.4^2) = 1, and 2 * 0.3
        assert certainty(table) == f"{near} of the 2 other trials within two standard errors of it"
