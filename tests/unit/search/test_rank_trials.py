"""The result of a search: the winner's file, and how sure it says to be."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from noisebound.core.errors import InputError
from tests.unit.search.outcomes import FAILED, network, ranked


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


def test_numbers_of_the_winner_are_numbers_to_yaml(tmp_path: Path) -> None:
    trial = {"training.weight_decay": 1e-5, "architecture.input_to_output": True, "architecture.channels": [4, 8]}
    _, best = ranked(tmp_path, [network(0.5, None)], {"aaaaaaaa": trial})
    content = yaml.safe_load(best)
    assert content["training"]["weight_decay"] == 1e-5
    assert content["architecture"] == {"input_to_output": True, "channels": [4, 8]}


def test_a_search_of_which_nothing_could_be_trained_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of 3 trials could be trained; the first, with depth 2.*: no graph"):
        ranked(tmp_path, [FAILED] * 3)
