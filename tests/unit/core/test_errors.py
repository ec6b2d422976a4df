"""Errors name what is wrong and the remedy, in plain text of bounded length, also in another process."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path

import pytest

from noisebound.core.errors import LONGEST, InputError, LeakageError, NoiseboundError
from noisebound.core.texts import hidden_in
from noisebound.jobs.log import VisibleFormatter


def test_messages_and_logs_hold_no_control_characters() -> None:
    error = InputError("no dataset\x1b[2J in\u202e it", file="a\x07.h5", value="v" * 10_000, remedy="write \x9b it")
    assert hidden_in(str(error)) == [] and len(str(error)) < 1000
    assert "file" not in error.without_file() and hidden_in(error.without_file()) == []
    line = logging.LogRecord("n", logging.INFO, "p", 1, "\x1b]0;title\x07 two\nlines", None, None)
    assert VisibleFormatter("%(message)s").format(line) == "]0;title two\nlines"


@pytest.mark.parametrize("kind", [InputError, LeakageError])
def test_an_error_says_where_what_and_what_to_do(kind: type[InputError]) -> None:
    error = kind("too small", file="c.yaml", key="data.dimensions", value=1, remedy="use 2 or 3")
    assert str(error) == "file 'c.yaml', key 'data.dimensions', value 1: too small. Remedy: use 2 or 3."
    assert error.without_file() == "key 'data.dimensions', value 1: too small. Remedy: use 2 or 3."
    assert str(kind("no GPU", remedy="buy one")) == "no GPU. Remedy: buy one."
    assert isinstance(error, NoiseboundError)


@pytest.mark.parametrize("kind", [InputError, LeakageError])
def test_an_error_passes_between_processes(kind: type[InputError]) -> None:
    error = kind("torn", file=Path("a.h5"), key="k", value=[1, 2], remedy="copy it again")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error)
    assert (again.problem, again.file, again.key, again.value, again.remedy) == (
        "torn",
        Path("a.h5"),
        "k",
        [1, 2],
        "copy it again",
    )


def test_only_the_beginning_of_a_long_value_is_shown() -> None:
    short, long = (InputError("x", value="v" * count, remedy="y") for count in (LONGEST - 2, LONGEST - 1))
    assert "…" not in str(short) and "…" in str(long)
