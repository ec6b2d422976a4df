"""Thresholds against brute force, and their promises in simulations in which pixels depend on each other."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.calibration_study import Study, World, run, table, verdict
from noisebound.calibration.thresholds import pac_threshold, pixel_threshold, scan_threshold


def brute_scan(scans: list[list[float]], p: Fraction) -> float:
    """The smallest score at which weights 1/((K+1) N_k) add up to p, in exact arithmetic."""
    for q in sorted({s for scan in scans for s in scan}):
        if sum(Fraction(sum(s <= q for s in scan), len(scan)) for scan in scans) / (len(scans) + 1) >= p:
            return q
    return math.inf


def brute_pac(scans: list[list[float]], p: Fraction, delta: Fraction) -> float:
    n = len(scans)
    values = sorted({s for scan in scans for s in scan})

    def share(scan: list[float], q: float) -> Fraction:
        return Fraction(sum(s <= q for s in scan), len(scan))

    own = sorted(next(q for q in values if share(scan, q) >= p) for scan in scans)
    u = max(
        (u for u in range(1, n + 1) if stats.beta.sf(float(p), n + 1 - u, u) >= 1 - float(delta) - 1e-12), default=0
    )
    if u == 0:
        return math.inf
    together = next(q for q in values if math.prod(share(scan, q) for scan in scans) >= p**n / delta)
    return max(own[n - u], together, brute_scan(scans, p))


@given(
    st.lists(st.lists(st.integers(-3, 6), min_size=1, max_size=7), min_size=1, max_size=12),
    st.sampled_from(["0.5", "0.7", "0.8", "0.9"]),
)
@settings(max_examples=300, deadline=None)
def test_thresholds_of_scans_equal_brute_force(scans: list[list[int]], nominal: str) -> None:
    p = Fraction(nominal)
    values = [[float(s) for s in scan] for scan in scans]
    arrays = [np.sort(np.asarray(scan)) for scan in values]
    assert scan_threshold(arrays, float(nominal)).value == brute_scan(values, p)
    assert pac_threshold(arrays, float(nominal), 0.75).value == brute_pac(values, p, Fraction(1, 4))
    # One pixel per scan is the plain conformal threshold.
    single = [array[:1] for array in arrays]
    assert scan_threshold(single, float(nominal)).value == pixel_threshold(np.concatenate(single), float(nominal)).value


@pytest.fixture(scope="module")
def small() -> tuple[Study, list[Any]]:
    study = Study(data_sets=200, calibrate=(30,), judged=3000, nominal=(0.5, 0.8, 0.9))
    return study, run(World("small", size=16, correlation=6.0), study)


def test_promises_hold_in_simulation_and_pooled_pixels_do_not(small: tuple[Study, list[Any]]) -> None:
    """200 data sets of 30 scans with correlated noise and a gain of its own for each scan."""
    study, rows = small
    for row in rows:
        if row.unit == "scan":
            assert row.mean + 3 * row.error >= row.nominal
        if row.unit == "pac":
            chance = 3 * math.sqrt(0.95 * 0.05 / study.data_sets)
            assert row.reached >= 0.95 - chance
            assert row.most >= 0.95 - chance
        if row.unit == "pixel":
            assert row.reached < 0.65, "pooled pixels would promise what they cannot"
            assert row.high - row.low > 0.02
        assert verdict(row, study) == ("**fails**" if row.unit == "pixel" else "holds")
    assert {(row.unit, row.nominal) for row in rows if row.unit == "pac"} == {("pac", 0.5), ("pac", 0.8), ("pac", 0.9)}
    assert table(rows, study).count("**fails**") == 3
