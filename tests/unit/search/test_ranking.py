"""Trials by their mean loss."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

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
