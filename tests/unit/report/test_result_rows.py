"""Rows and sentences about test results."""

from __future__ import annotations

import math
from typing import Any

import pytest

from noisebound.calibration.intervals import Calibration
from noisebound.report.index_page import headline_numbers
from noisebound.report.result_rows import (
    coverage_words,
    explanations,
    notes,
    overlap_share,
    shared_content,
    shows_psnr,
    test_rows,
)
from noisebound.report.settings import PageSettings

test_rows.__test__ = False  # type: ignore[attr-defined]


def test_headlines_speak_of_channels_with_structure() -> None:
    def entry(value: float, structured: bool) -> dict[str, Any]:
        return {"coverage": {"0.9": {"value": value}}, "structured": structured, "rmse": 2.0, "mse": 4.0,
                "rmse_noise_removed": None, "gaussian": {"mse": 8.0, "mse_noise_removed": None}}  # fmt: skip

    rows = test_rows({"O": entry(0.99, False), "Mg": entry(0.9, True), "Fe": entry(0.87, True)}, 0.9, False)
    words = coverage_words(rows, 0.9)
    assert words is not None
    assert words.startswith("In the 2 channels with structure, between 87.0\u202f% (Fe) and 90.0\u202f% (Mg)")
    assert [entry["words"].endswith("; in the 2 channels with structure") for entry in headline_numbers({}, rows, 0.9)]
    alike = test_rows({"O": entry(0.99, True), "Fe": entry(0.87, True)}, 0.9, False)
    assert str(coverage_words(alike, 0.9)).startswith("Between 87.0\u202f% (Fe) and 99.0\u202f% (O) of")
    assert "structure" not in headline_numbers({}, alike, 0.9)[0]["words"]
    about_scans = test_rows({"O": entry(0.99, False), "Fe": entry(0.87, True)}, 0.9, more_allowed=True)
    assert [row["missed"] for row in about_scans] == [False, True]
    assert [row["missed"] for row in rows] == [True, False, True]
    assert [row["error_ratio"] for row in rows] == [0.5, 0.5, 0.5]
    assert coverage_words([], 0.9) is None


def test_an_error_lost_in_the_noise_of_its_reference_is_not_a_share() -> None:
    def ratio(own: float, filtered: float) -> float | None:
        entry = {"rmse": 1.0, "rmse_noise_removed": 0.0, "mse_noise_removed": own}
        entry["gaussian"] = {"mse_noise_removed": filtered}
        found: float | None = test_rows({"O": entry}, 0.9, False)[0]["error_ratio"]
        return found

    assert ratio(0.01, 0.02) == 0.5
    assert ratio(-0.01, 0.02) is None
    assert ratio(0.01, -0.02) is None


def test_the_error_of_tiles_is_that_of_the_worst_channel() -> None:
    assert overlap_share({}) is None
    errors = {"Mg": {"rms": 0.02, "width": 0.5}, "Fe": {"rms": 0.03, "width": 0.25}}
    assert overlap_share(errors) == pytest.approx(0.12)
    assert math.isnan(overlap_share({"Mg": {"rms": 0.02, "width": 0.0}}) or 0.0)
    flat = {"Al": {"rms": 0.02, "width": 0.0}}
    assert overlap_share(flat | errors) == overlap_share(errors | flat) == pytest.approx(0.12)


def test_explanations_are_found_at_any_depth_and_told_once() -> None:
    entry = {
        "explanation": "a",
        "coverage": {"0.9": {"explanations": ["b", "a", ""]}, "0.5": {"explanation": None}},
        "why": {"explanation": "c", "other": 3},
    }
    assert explanations(entry) == ["a", "b", "c"]
    rows = [
        {"name": "Mg", "missed": True, "explanations": ["a", "b"]},
        {"name": "Fe", "missed": False, "explanations": ["c"]},
    ]
    assert notes(rows) == {"missed": [("Mg", "a"), ("Mg", "b")], "held": [("Fe", "c")]}


def test_psnr_is_shown_only_where_the_noise_of_the_reference_is_not_known() -> None:
    def row(psnr: float | None, removed: float | None) -> dict[str, Any]:
        return {"psnr": psnr, "rmse_noise_removed": removed}

    assert shows_psnr([row(30.0, 0.1), row(30.0, None)])
    assert not shows_psnr([row(30.0, 0.1), row(None, None)]) and not shows_psnr([])


def test_both_pages_say_the_same_of_a_run() -> None:
    content = {"channels": ["Mg"], "nominal": [0.9], "primary": 0.9, "corrections": {}, "floor": None}
    fitted = Calibration({**content, "guarantee": "a promise", "target": "the reference", "unit": "pixel"})
    settings = PageSettings(title="T", run="r", intensity_unit="nm", kind="counts", exceed=[], combine="pool")
    found = shared_content(settings, fitted, {"Mg": {"coverage": {"0.9": {"value": 0.8}}, "explanation": "edges"}})
    assert (found["run_title"], found["combine"], found["value_unit"]) == ("T", "pool", "nm")
    assert (found["guarantee"], found["target"], found["unit_reason"]) == ("a promise", "the reference", None)
    assert found["headline"].startswith("80.0\u202f% of the reference pixels")
    assert found["notes"] == {"missed": [("Mg", "edges")], "held": []}
    assert shared_content(settings, fitted, {})["headline"] is None
