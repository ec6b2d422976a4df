"""What the pages say about scans that are unlike the calibrated ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from noisebound.core.storage import write_json
from noisebound.report.drift import MARKS, ROWS, neighbours, of_run, of_scan, quiet
from tests.unit.report.parsed_page import Page


def test_a_scan_unlike_the_calibrated_ones_says_so_first(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    asides = [a for a in page.all("aside") if a.get("class") == "warning"]
    assert len(asides) == 4 and all(a["role"] == "note" for a in asides)
    assert "This scan is unlike those that calibrated the intervals" in page.text
    assert "is brighter (in 97 of 100 pairs)" in page.text and "p = 0.001, the smallest that is possible" in page.text
    assert "What to do." in page.text and "give them the role calibrate" in page.text
    assert page.text.index("unlike those that calibrated") < page.text.index("How sure is it?")


def test_a_scan_like_the_calibrated_ones_says_so_in_one_line(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    assert not [a for a in page.all("aside") if a.get("class") == "warning"]
    assert "no difference was found (p = 0.43)" in page.text


def lag(shift: list[int], correlation: float | None, **more: Any) -> dict[str, Any]:
    return {"lag": shift, "correlation": correlation, "error": None, "calibrated": None, **more}


def content(**changes: Any) -> dict[str, Any]:
    """A check of a scan as quiet as can be."""
    return {
        "scan": "s",
        "words": "Nothing stands out.",
        "approximation": "",
        "warnings": [],
        "statistics": [],
        **changes,
    }


def test_the_quiet_line_says_what_was_looked_for_and_claims_no_absence() -> None:
    assert quiet(content()) == "Nothing stands out."
    background = {"verdict": "flat", "blocks": 21, "of": 96}
    spot = {"width": 4.7, "height": 2.2, "mean": 1.5, "dark": True}
    local = {"total": 0, "counts": True, "smallest": [{"channel": "Fe", "sigma": 7.6, "spot": spot}], "pixels": 40401}
    white = {"verdict": "white", "channels": [{"channel": "Fe", "lags": [lag([0, 1], 0.02, error=0.01)]}]}
    words = quiet(content(residuals=white, background=background, local=local, compared=["test"]))
    assert "no correlation of neighbouring residuals (noisy minus denoised) stands out of its error" in words
    assert "0.02 ± 0.02" in words
    assert "In 21 of 96 blocks of the test region the noisy frame is even; there, the image stays within" in words
    assert "In all 40\u202f401 pixels of the noisy frame, no place contradicts the image beyond the threshold" in words
    assert (
        "of single objects of 8 sigma of the noisy frame, about 9 in 10 would be found (in Fe, that is a spot" in words
    )
    assert words.endswith("Fainter ones may be lost or invented unseen.")
    assert "is noise" not in words and "none stands out" not in words
    beside = quiet(content(local=local, missed={"total": 60, "level": 5.6, "noise": "counts"}))
    assert beside.endswith("the image misses 60 places by more than its noise; the worst stand below.")
    rough = quiet(content(local=local | {"total": 1}, missed={"total": 1, "level": 5.6, "noise": None}))
    assert "1 place contradicts" in rough and "1 place by more than its local roughness" in rough
    apply = quiet(content(background=background, compared=["apply"]))
    assert "blocks of the scan" in apply


@pytest.mark.parametrize("verdict", ["white", "as calibrated"])
def test_correlated_residuals_are_called_so_whatever_is_tolerated(verdict: str) -> None:
    lags = [lag([0, 1], 0.05, error=0.02), lag([1, 0], 0.17, error=0.03, calibrated=0.15), lag([1, 1], None)]
    residuals = {"verdict": verdict, "channels": [{"channel": "CT", "lags": lags}]}
    words = neighbours(residuals)
    assert words.startswith("Neighbouring residuals (noisy minus denoised) are correlated (0.17), as on the calibrate")
    assert "regions (0.15): the noise is smeared, or structure is lost in both." in words and words in quiet(
        content(residuals=residuals)
    )
    lags[1]["calibrated"] = 0.01
    assert "0.01 on the calibrate regions" in neighbours(residuals) and "in both" not in neighbours(residuals)
    assert "not known" in neighbours({"channels": []})


def test_the_nearest_neighbour_with_the_largest_correlation_is_named(tmp_path: Path) -> None:
    channels = [
        {"channel": "Mg", "lags": [lag([0, 1], 0.1, error=0.02, calibrated=0.05), lag([1, 0], -0.3), lag([0, 2], 0.9)]},
        {"channel": "Fe", "lags": [lag([0, 1], None), lag([1, 1], 0.5)]},
    ]
    write_json(tmp_path / "s.json", content(residuals={"verdict": "white", "channels": channels}))
    near, far = of_scan(tmp_path / "s.json")["residuals"]
    assert near.startswith("Mg 0.10 ± 0.04 (0.05 on the calibrate regions)")
    assert far == "Fe not known"


def test_the_page_of_a_scan_lists_the_first_statistics_and_counts_the_others(tmp_path: Path) -> None:
    entry = {"kind": "mean", "of": "Mg", "superiority": 0.9, "told": False, "here": 2.0, "calibrated": 1.0}
    statistics = [entry | {"p": 0.001 * (k + 1), "told": k == 0} for k in range(ROWS + 3)]
    write_json(tmp_path / "s.json", content(statistics=statistics))
    found = of_scan(tmp_path / "s.json")
    assert len(found["statistics"]) == ROWS and found["more"] == 3
    assert found["statistics"][0]["words"] == "Mg is brighter (in 90 of 100 pairs)"
    assert [row["told"] for row in found["statistics"]] == [True] + [False] * (ROWS - 1)
    assert found["file"] == "drift/s.json"


def test_scans_without_warnings_have_no_marks(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", content())
    write_json(tmp_path / "b.json", content(warnings=[{"kind": kind} for kind in reversed(MARKS)]))
    marks = of_run({"a": tmp_path / "a.json", "b": tmp_path / "b.json"})
    assert marks == {"b": list(reversed(MARKS.values()))}
