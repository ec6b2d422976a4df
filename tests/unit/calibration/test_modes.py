"""Ways to form corrections: the words of the schema, names that tell them apart, and words that are refused."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from typing import Any, get_args

import pytest

from noisebound.calibration.exchangeability import UNITS, AskedUnit, Unit
from noisebound.calibration.modes import OTHERS, PLAIN, Channels, Grouping, Mode, Scale, Score, Ties
from noisebound.core.errors import InputError
from tests.unit.calibration.simulated import SCHEMA

KEYS = SCHEMA["properties"]["calibration"]["properties"]
WORDS = {"score": Score, "scale": Scale, "groups": Grouping, "ties": Ties, "channels": Channels}


def test_words_are_those_of_the_schema() -> None:
    for key, words in (WORDS | {"unit": AskedUnit}).items():
        assert list(get_args(words)) == KEYS[key]["enum"], key
    assert {*get_args(Unit), "auto"} == set(get_args(AskedUnit)) == {*UNITS, "auto"}


def test_the_plain_mode_is_what_the_schema_gives_without_being_asked() -> None:
    assert asdict(PLAIN) == {key: KEYS[key]["default"] for key in WORDS}
    assert OTHERS[0] == PLAIN
    assert len(set(OTHERS)) == len(OTHERS)


def test_every_mode_has_a_name_of_its_own_and_is_accepted() -> None:
    modes = [Mode(*words) for words in product(*map(get_args, WORDS.values()))]
    assert len({mode.name for mode in modes}) == len(modes)
    for mode in modes:
        if mode.joint and (not mode.scaled or mode.groups == "intensity" or mode.random_ties):
            with pytest.raises(InputError, match=r"calibration\.channels.*'together'"):
                mode.check()
        else:
            mode.check()
        assert mode.joint == ("all channels together" in mode.name)
        assert mode.sides == (2 if "asymmetric" in mode.name else 1)
        assert mode.scaled == ("scaled by width" in mode.name)
        assert mode.random_ties == ("ties at random" in mode.name)


@pytest.mark.parametrize("key", WORDS)
def test_an_unknown_word_is_refused_with_those_that_are_known(key: str) -> None:
    changes: Any = {key: "both"}
    with pytest.raises(InputError, match=rf"calibration\.{key}.*'both'.*unknown {key}") as error:
        replace(PLAIN, **changes).check()
    assert all(word in str(error.value) for word in KEYS[key]["enum"])
