"""Roundings that go outwards."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.rounding import round_outwards, subtract_up, up, width_of


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
@settings(max_examples=500, deadline=None)
def test_roundings_never_lose_coverage(a: float, b: float) -> None:
    difference = float(subtract_up(a, b))
    assert Fraction(difference) >= Fraction(a) - Fraction(b)
    assert difference == a - b or difference == np.nextafter(a - b, np.inf)
    down, up = round_outwards(np.array(a), -np.inf), round_outwards(np.array(a), np.inf)
    assert float(down) <= a <= float(up)
    assert np.nextafter(down, np.float32(np.inf)) >= up


@given(st.floats(-1e307, 1e307))
def test_the_next_number_is_larger_and_nothing_lies_between(value: float) -> None:
    larger = float(up(value))
    assert larger > value
    assert (value + larger) / 2 in (value, larger)


@given(st.floats(width=32, allow_nan=False), st.floats(width=32, allow_nan=False))
def test_one_can_divide_by_a_width(a: float, b: float) -> None:
    if np.isinf(a) or np.isinf(b):
        return
    low, high = sorted((a, b))
    width = float(width_of(np.float32(low), np.float32(high)))
    assert width >= float(np.finfo(np.float32).tiny)
    assert width == max(high - low, float(np.finfo(np.float32).tiny))
    assert np.isfinite(1 / width)


def test_numbers_beyond_float32_are_rounded_like_others() -> None:
    largest = np.finfo(np.float32).max
    beyond = np.array([1e39, -1e39, np.inf])
    assert round_outwards(beyond, np.inf).tolist() == [np.inf, -largest, np.inf]
    assert round_outwards(beyond, -np.inf).tolist() == [largest, -np.inf, np.inf]
