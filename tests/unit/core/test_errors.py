"""Errors name what is wrong and the remedy, in plain text of bounded length, also in another process."""

from __future__ import annotations

import logging

from noisebound.core.errors import InputError
from noisebound.core.texts import hidden_in
from noisebound.jobs.log import VisibleFormatter


def test_messages_and_logs_hold_no_control_characters() -> None:
    error = InputError("no dataset\x1b[2J in\u202e it", file="a\x07.h5", value="v" * 10_000, remedy="write \x9b it")
    assert hidden_in(str(error)) == [] and len(str(error)) < 1000
    assert "file" not in error.without_file() and hidden_in(error.without_file()) == []
    line = logging.LogRecord("n", logging.INFO, "p", 1, "\x1b]0;title\x07 two\nlines", None, None)
    assert VisibleFormatter("%(message)s").format(line) == "]0;title two\nlines"
