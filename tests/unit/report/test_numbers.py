"""Numbers in the words of a page."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.report.numbers import integer, nominal_percent, number, percent, signed


def test_numbers_in_words() -> None:
    assert percent(0.8999) == "90.0\u202f%"
    assert percent(None) == "–"
    assert percent(math.nan) == "–"
    assert nominal_percent(0.975) == "97.5\u202f%"
    assert signed(0.5) == "+0.500"
    assert signed(-0.5) == "−0.500"
    assert signed(None) == "–"


@pytest.mark.parametrize("unknown", [None, "many", math.nan, [1]])
def test_what_is_not_known_is_a_dash(unknown: object) -> None:
    assert percent(unknown) == number(unknown) == integer(unknown) == signed(unknown) == "–"


def test_infinity_is_a_number_that_has_no_digits() -> None:
    assert number(math.inf) == number("inf") == "∞" and signed(-math.inf) == "−∞"
    assert percent(math.inf) == integer(math.inf) == "–"


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_come_back_without_their_spaces(value: int) -> None:
    assert int(integer(value).replace("\u202f", "")) == value
    assert all(len(part) == 3 for part in integer(value).split("\u202f")[1:])


@given(st.floats(1e-4, 9e5) | st.floats(-9e5, -1e-4))
def test_numbers_keep_three_digits_and_their_sign(value: float) -> None:
    read = float(signed(value).replace("\u202f", "").replace("−", "-"))
    assert read == pytest.approx(value, rel=5.1e-3)
    assert signed(value).startswith("+" if value > 0 else "−")


@given(st.integers(1, 9999))
def test_nominal_coverages_are_written_as_they_were_asked_for(thousandths: int) -> None:
    words = nominal_percent(thousandths / 10_000)
    assert float(words.removesuffix("\u202f%")) == pytest.approx(thousandths / 100, abs=1e-9)


def test_digits_of_a_share_are_chosen_by_the_page() -> None:
    assert [percent(0.12345, digits) for digits in (0, 1, 2)] == ["12\u202f%", "12.3\u202f%", "12.35\u202f%"]
