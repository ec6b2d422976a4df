"""What counts as near, and as too little."""

from __future__ import annotations

import pytest

from noisebound.core.certainty import LEAST_PLACES, NO_INTERVAL, tolerance


def test_near_goes_by_the_miss_rate() -> None:
    assert [tolerance(p) for p in (0.5, 0.8, 0.9, 0.95, 0.99, 0.05)] == pytest.approx(
        [0.05, 0.04, 0.02, 0.01, 0.002, 0.01]
    )
    assert f"{tolerance(0.9):g}" == "0.02", "and is written without rounding errors"


def test_words_name_the_number() -> None:
    assert str(LEAST_PLACES) in NO_INTERVAL
