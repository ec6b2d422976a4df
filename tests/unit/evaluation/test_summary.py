"""Explanations of a coverage."""

from __future__ import annotations

import math

from noisebound.calibration.intervals import Calibration
from noisebound.evaluation.summary import explain


def test_more_coverage_than_asked_for_is_the_price_of_a_promise_about_scans() -> None:
    fitted = Calibration({"n_whole_scans": 12, "units": {"0.9": "scan"}})
    row = {"coverage": 0.97, "nominal": 0.9}
    assert "12 calibrate scans, the promise about further scans (unit scan)" in explain(row, fitted)


def test_explanations_follow_the_numbers() -> None:
    fitted = Calibration({"n_blocks": 12, "n_pixels": 999})
    row = {"coverage": 0.85, "nominal": 0.9, "low": 0.8, "high": 0.92, "n_blocks": 30, "below": 0.02, "above": 0.13}
    words = explain(row, fitted)
    assert "0.050 below" in words
    assert "contains the nominal" in words
    assert "12 calibration blocks" in words
    assert "2.0% of the targets lie below the interval and 13.0% above" in words
    assert "does not contain" in explain(row | {"high": 0.88}, fitted)
    assert "within 0.02" in explain(row | {"coverage": 0.91}, fitted)
    assert "without them it is 0.910" in explain(row | {"coverage": 0.95, "coverage_without_atoms": 0.91}, fitted)
    assert "single block" in explain(row | {"low": math.nan}, fitted)
