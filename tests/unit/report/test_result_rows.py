"""Rows and sentences about test results."""

from __future__ import annotations

from typing import Any

from noisebound.report.index_page import headline_numbers
from noisebound.report.result_rows import coverage_words, test_rows

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
    about_scans = test_rows({"O": entry(0.99, False), "Fe": entry(0.87, True)}, 0.9, about_scans=True)
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
