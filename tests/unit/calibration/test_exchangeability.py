"""How many scans a statement about further scans takes: exact numbers, and which unit is taken for how many."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from noisebound.calibration.conformal import corrections
from noisebound.calibration.exchangeability import allowed_misses, choose_units, needed_scans, preferred_scans

TENTH, TWENTIETH = Fraction(1, 10), Fraction(1, 20)


@pytest.mark.parametrize(("n", "u"), [(28, 0), (29, 1), (50, 2), (100, 5)])
def test_beta_correction_has_the_known_values(n: int, u: int) -> None:
    assert allowed_misses(n, TENTH, TWENTIETH) == u


@given(st.integers(1, 150), st.sampled_from(["0.5", "0.2", "0.1", "0.05"]), st.sampled_from(["0.1", "0.05", "0.01"]))
@settings(max_examples=100, deadline=None)
def test_beta_correction_equals_the_definition(n: int, miss: str, delta: str) -> None:
    good = [u for u in range(1, n + 1) if stats.beta.sf(1 - float(miss), n + 1 - u, u) >= 1 - float(delta) - 1e-12]
    assert allowed_misses(n, Fraction(miss), Fraction(delta)) == max(good, default=0)


@pytest.mark.parametrize(
    ("unit", "sides", "expected"),
    [("pixel", 1, [0] * 4), ("scan", 1, [1, 4, 9, 19]), ("pac", 1, [5, 14, 29, 59]), ("scan", 2, [3, 9, 19, 39])],
)
def test_fewest_scans_are_those_with_a_finite_threshold(unit: Any, sides: int, expected: list[int]) -> None:
    found = [needed_scans(unit, p, 0.95, sides) for p in (0.5, 0.8, 0.9, 0.95)]
    assert found == expected
    if unit == "pixel":
        return
    score: Any = "asymmetric" if sides == 2 else "symmetric"
    for nominal, least in zip((0.5, 0.8, 0.9, 0.95), expected, strict=True):
        for n in (least - 1, least):
            scans = [np.arange(4.0)] * n
            entry = corrections(scans, scans, nominal, score, unit)
            assert math.isfinite(entry["upper"]) == (n >= least)
            assert (entry["k"] > entry["n"]) == (n < least)


def test_auto_takes_the_strongest_and_never_an_infinite_one() -> None:
    nominal = [0.5, 0.8, 0.9, 0.95]
    for n, expected in {
        0: ["pixel"] * 4,
        1: ["pixel"] * 4,
        8: ["pixel"] * 4,
        9: ["pixel"] * 4,
        18: ["pixel"] * 4,
        19: ["scan", "scan", "scan", "pixel"],
        28: ["scan", "scan", "scan", "pixel"],
        29: ["pac", "pac", "pac", "pixel"],
        39: ["pac", "pac", "pac", "scan"],
        59: ["pac"] * 4,
    }.items():
        assert list(choose_units("auto", n, nominal, 0.9, 0.95).values()) == expected


def test_auto_takes_scan_once_a_whole_scan_may_lie_beyond_the_threshold() -> None:
    """With the fewest scans, one bad pixel decides; with what auto asks for, the pixels of any one scan may be bad."""
    for nominal, preferred in ((0.5, 3), (0.8, 9), (0.9, 19), (0.95, 39)):
        assert preferred_scans("scan", nominal, 0.95) == preferred
        for n, told in ((needed_scans("scan", nominal, 0.95), False), (preferred, True)):
            scans = [np.arange(10.0)] * (n - 1)
            bad = corrections(
                [*scans, np.r_[np.arange(9.0), 1e6]], [*scans, np.arange(10.0)], nominal, "symmetric", "scan"
            )
            assert (bad["upper"] < 10) == told
    assert preferred_scans("pac", 0.9, 0.95) == needed_scans("pac", 0.9, 0.95) == 29
    assert preferred_scans("pixel", 0.9, 0.95) == 0
