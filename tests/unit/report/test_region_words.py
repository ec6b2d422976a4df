"""What a page says about regions in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from noisebound.files import frame_totals
from noisebound.report.region_words import (
    TOTALS,
    ranks_in_words,
    role_in_words,
    total_in_words,
    totals_in_words,
    trained_on,
    untested,
)
from tests.unit.report.parsed_page import Page


def test_equal_ranks_are_printed_as_a_range() -> None:
    assert [ranks_in_words(rank, [1, 1, 1, 4]) for rank in (1, 4)] == ["1–3", "4"]
    assert [ranks_in_words(rank, [1, 2, 2]) for rank in (1, 2)] == ["1", "2–3"]


def test_columns_are_those_that_the_steps_write() -> None:
    assert TOTALS == frame_totals.TOTALS


def test_a_total_stands_with_its_interval_or_alone() -> None:
    record = {"Fe_total": 412.0, "Fe_total_low": 373.0, "Fe_total_high": 454.0, "Mg_total": 5.0}
    assert total_in_words(record, "Fe") == "412 (373 – 454)"
    assert total_in_words(record, "Mg") == "5.00"
    assert total_in_words(record, "Si") == "" and total_in_words(record, None) == ""


def test_the_role_of_most_pixels_is_named_with_their_share() -> None:
    assert role_in_words({"role": "train", "share_train": 0.953}) == "train, 95\u202f%"
    assert role_in_words({"role": "test", "share_test": 1.0}) == "test"
    assert role_in_words({"role": "apply"}) == "apply" and role_in_words({"role": np.nan}) == ""


def test_regions_in_training_pixels_are_said_to_lie_there() -> None:
    table = pd.DataFrame({"pixels": [30, 10], "share_train": [1.0, 0.2]})
    assert trained_on(table).startswith(
        "80\u202f% of the pixels of these 2 regions lie where the networks were trained"
    )
    assert trained_on(table[:1]).startswith("100\u202f% of this region lies")
    assert trained_on(table.assign(share_train=0.0)) == "" and trained_on(table[:0]) == ""
    assert trained_on(table[["pixels"]]) == ""


def test_calls_that_the_test_region_lacks_cannot_be_tested() -> None:
    assert "no pixel of its test region" in untested({"called": 0, "share": None}, 3)
    assert "no test region with a reference" in untested(None, 3)
    assert untested({"called": 7, "share": 1.0}, 3) == untested(None, 0) == ""


@pytest.mark.parametrize(
    ("counts", "frames", "kind", "words", "silent"),
    [
        (True, 10, "leave-one-out", ["the 9 frames", "Poisson"], ["unit of the noisy frame", "too high"]),
        (True, 1, "none", ["tends to be too high", "no error", "unit of the noisy frame"], ["Poisson"]),
        (False, 3, "measured", ["the 2 frames", "spread over these frames"], ["Poisson"]),
        (False, 1, "measured", ["raw values"], ["In brackets"]),
    ],
)
def test_totals_are_explained(counts: bool, frames: int, kind: str, words: list[str], silent: list[str]) -> None:
    scan: Any = SimpleNamespace(n_frames=frames, counts=counts, reference_kind=kind, has_reference=kind != "none")
    found = totals_in_words(scan, 0)
    assert all(part in found for part in words) and not any(part in found for part in silent)


def test_the_page_shows_totals_roles_and_what_cannot_be_tested(flat: dict[str, Any]) -> None:
    folder = flat["folder"] / "files"
    table = pd.read_csv(folder / "scan-0.decisions.csv")
    page = Page(flat["pages"]["map"]).text
    total, interval = total_in_words(table[table["kind"] == "exceed"].iloc[0], "Mg")[:-1].split(" (")
    assert f"{total} {interval}" in page
    assert "75 % of" in page and "where the networks were trained" in page
    tokens = pd.read_csv(folder / "scan-0.tokens.csv")
    for _, token in tokens.iterrows():
        assert " ".join(total_in_words(token, "Fe")[:-1].split(" (")) in page
    assert "To sum or average values, take the estimated mean" not in page
    new = Page(flat["pages"]["new scan"]).text
    assert "cannot be tested on this scan: it has no test region with a reference" in new
