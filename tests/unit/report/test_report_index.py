"""The index of a run: what it says against the tables, and where it leads."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest

from noisebound.report.mode_rows import mode_rows
from tests.unit.example_run import GUARANTEE
from tests.unit.report.parsed_page import Page


def test_index_says_what_the_tables_say(flat: dict[str, Any]) -> None:
    page = Page(flat["index"])
    assert GUARANTEE in page.text
    assert "62 %" in page.text
    parameters = json.loads(flat["files"]["architectures"][0].read_text())["parameters"]
    assert parameters > 999 and f"{parameters:,} parameters".replace(",", " ") in page.text
    for words in ("halves of the sample", "halves of the members", "0.930", "Member 2", "apply", "split"):
        assert words in page.text
    assert "same token map to ARI 0.62 (noise alone 0.01, k-means on the denoised image 0.55)" in page.text
    assert "not told apart from k-means on the denoised image (difference 0.07" in page.text
    assert html.unescape(page.text).count("decile of the denoised value") == 2
    assert html.unescape(page.text).count("coverage of a block") == 2
    assert "nominal: [0.5, 0.8, 0.9, 0.95]" in page.text
    names = [a["alt"].split(":")[0] for a in page.all("img")]
    assert names == ["map", "new scan"]
    assert "calibration.unit: auto, for no scan" in page.text
    assert "Other ways to calibrate" in page.text
    assert "asymmetric, scaled by width" in page.text
    for row in mode_rows(flat["files"]["modes_csv"], ["Mg", "Fe"], 0.9):
        for kind in ("decile", "token", "border", "block", "scan"):
            low, high = row[kind]
            assert f"{100 * low:.1f} – {100 * high:.1f} %" in page.text
    assert "3 tested" in page.text
    found = mode_rows(flat["files"]["modes_csv"], ["Mg"], 0.9)
    assert [row["relative_width"] for row in found] == pytest.approx([1, 1.1])


def test_pages_say_how_members_become_one_prediction(flat: dict[str, Any], deep: dict[str, Any]) -> None:
    scan, index = (Page(path) for path in (flat["pages"]["map"], flat["index"]))
    assert "Errors that all networks share do not show there" in scan.text
    assert "it is not wider for that" in scan.text
    assert "random networks, averaged" in index.text and "pools the members" not in index.text
    scan, index = (Page(path) for path in (deep["pages"]["map"], deep["index"]))
    assert "it is not wider for that" not in scan.text
    assert "random networks, pooled" in index.text and "pools the members instead of averaging" in index.text


def test_the_index_leads_to_the_comparison_where_scans_are_simulated(
    flat: dict[str, Any], deep: dict[str, Any]
) -> None:
    links = [[a["href"] for a in Page(made["index"]).all("a")] for made in (flat, deep)]
    assert ["comparison.html" in found for found in links] == [False, True]


def test_the_index_lists_the_scans_that_need_a_second_look(flat: dict[str, Any]) -> None:
    page = Page(flat["index"])
    assert "1 of 2 scans needs a second look" in page.text
    assert "unlike calibration, residuals not white, structure in even places" in page.text
    marks = [a for a in page.all("em") if a.get("class") == "mark"]
    assert len(marks) == 1
