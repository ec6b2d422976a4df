"""Roundings that go outwards."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.calibration.rounding import round_outwards, subtract_up


@given(st.floats(-1e30, 1e30), st.floats(-1e30, 1e30))
@settings(max_examples=500, deadline=None)
def test_roundings_never_lose_coverage(a: float, b: float) -> None:
    difference = float(subtract_up(a, b))
    assert Fraction(difference) >= Fraction(a) - Fraction(b)
    assert difference == a - b or difference == np.nextafter(a - b, np.inf)
    down, up = round_outwards(np.array(a), -np.inf), round_outwards(np.array(a), np.inf)
    assert float(down) <= a <= float(up)
    assert np.nextafter(down, np.float32(np.inf)) >= up
