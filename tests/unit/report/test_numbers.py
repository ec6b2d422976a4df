"""Numbers in the words of a page."""

from __future__ import annotations

import math

from noisebound.report.numbers import nominal_percent, percent, signed


def test_numbers_in_words() -> None:
    assert percent(0.8999) == "90.0\u202f%"
    assert percent(None) == "–"
    assert percent(math.nan) == "–"
    assert nominal_percent(0.975) == "97.5\u202f%"
    assert signed(0.5) == "+0.500"
    assert signed(-0.5) == "−0.500"
    assert signed(None) == "–"
