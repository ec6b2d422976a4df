"""Explanations of a coverage."""

from __future__ import annotations

import math

import pandas as pd

from noisebound.calibration.intervals import Calibration
from noisebound.evaluation.settings import EvaluationSettings
from noisebound.evaluation.summary import explain, summary_head
from tests.unit.evaluation.simulated import evaluated


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
    # What counts as near goes by the miss rate.
    assert "0.015 above" in explain(row | {"coverage": 0.995, "nominal": 0.98, "coverage_without_atoms": 1}, fitted)
    assert "within 0.05" in explain(row | {"coverage": 0.455, "nominal": 0.5}, fitted)
    joint = Calibration(fitted.content | {"joint": True})
    assert "meant to hold all channels at once" in explain(row | {"coverage": 0.96}, joint)
    assert "without them it is 0.910" in explain(row | {"coverage": 0.95, "coverage_without_atoms": 0.91}, fitted)
    assert "no interval: fewer than 8 independent places" in explain(row | {"low": math.nan}, fitted)


def test_the_summary_says_what_the_tables_say() -> None:
    summary, tables, brute, _, _ = evaluated()
    for name, entry in summary["channels"].items():
        rows: pd.DataFrame = tables["coverage"][tables["coverage"]["channel"] == name].set_index("nominal")
        assert [float(key) for key in entry["coverage"]] == list(rows.index)
        for nominal, row in rows.iterrows():
            found = entry["coverage"][f"{nominal:g}"]
            for key, column in {
                "value": "coverage",
                "low": "low",
                "zero_width": "zero_width",
                "below": "below",
            }.items():
                assert found[key] is None if math.isnan(row[column]) else abs(found[key] - row[column]) < 1e-9
        assert entry["n_blocks"] == rows.loc[0.9, "n_blocks"]
        assert entry["explanation"].startswith(f"Coverage {rows.loc[0.9, 'coverage']:.3f} ")
    settings = EvaluationSettings(run="r", seed=4, block=8, exceed=[])
    head = summary_head(brute.fitted, settings)
    assert head == {key: summary[key] for key in head}
    assert head["calibration"]["n_pixels"] == brute.fitted.content["n_pixels"]
