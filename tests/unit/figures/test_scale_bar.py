"""Scale bars and lengths in words."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.figures.scale_bar import physical, scale_bar


@settings(deadline=None)
@given(st.integers(8, 20_000), st.floats(1e-3, 1e4), st.sampled_from(["nm", "µm", "um", "px", "mm", "Å"]))
def test_scale_bars_are_round_and_as_long_as_they_say(width: int, size: float, unit: str) -> None:
    bar = scale_bar(width, size, unit)
    assert 0.1 < bar.fraction <= 0.3 * (1 + 1e-6)
    length, shown = bar.label.split(" ")
    metres = {"pm": 1e-12, "nm": 1e-9, "µm": 1e-6, "um": 1e-6, "mm": 1e-3, "m": 1.0}
    assert shown == unit or unit in metres
    factor = metres[shown] / metres[unit] if unit in metres else 1.0
    assert math.isclose(float(length) * factor, bar.fraction * width * size, rel_tol=1e-4)
    assert f"{float(length):e}"[0] in "125"
    assert float(f"{float(length):e}".split("e")[0]) in (1, 2, 5)


def test_lengths_read_well() -> None:
    assert physical(1717.0, "nm") == "1.72 µm"
    assert physical(8.0, "um") == "8.00 µm"
    assert physical(12.0, "px") == "12.0 px"
    assert physical(0.345, "µm") == "345 nm"
    assert physical(2.5, "Å") == "2.50 Å"
    assert scale_bar(201, 0.001717, "µm").label == "100 nm"
