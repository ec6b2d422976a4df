"""What the pages say about scans that are unlike the calibrated ones."""

from __future__ import annotations

from typing import Any

from tests.unit.report.parsed_page import Page


def test_a_scan_unlike_the_calibrated_ones_says_so_first(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["new scan"])
    asides = [a for a in page.all("aside") if a.get("class") == "warning"]
    assert len(asides) == 3 and all(a["role"] == "note" for a in asides)
    assert "This scan is unlike those that calibrated the intervals" in page.text
    assert "is brighter (in 97 of 100 pairs)" in page.text and "p = 0.001, the smallest that is possible" in page.text
    assert "What to do." in page.text and "give them the role calibrate" in page.text
    assert page.text.index("unlike those that calibrated") < page.text.index("How sure is it?")


def test_a_scan_like_the_calibrated_ones_says_so_in_one_line(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    assert not [a for a in page.all("aside") if a.get("class") == "warning"]
    assert "nothing about this scan stands out (p = 0.43)" in page.text
