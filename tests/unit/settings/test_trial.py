"""What a trial changes, its seed and its words."""

from __future__ import annotations

import copy

from noisebound.settings.trial import in_words, search_seed, training_settings, with_changes
from tests.unit.settings.searching import BASE, searching


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


def test_what_shapes_no_network_is_no_part_of_its_training() -> None:
    assert set(BASE["training"]) - set(training_settings(BASE)) == {"members_per_gpu", "checkpoint_every"}


def test_a_trial_is_named_by_what_it_changes() -> None:
    assert in_words({"architecture.depth": 8, "architecture.channels": [4, 8]}) == "depth 8, channels [4, 8]"
