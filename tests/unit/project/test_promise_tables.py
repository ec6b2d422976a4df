"""The tables of promises: which studies are found, what a table says, and that processes change no number."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

from benchmarks import calibration_study, promise_tables
from benchmarks.promises import conformal, error_bars
from benchmarks.promises.promise import Promise


def test_studies_are_the_modules_with_promises() -> None:
    found = promise_tables.discover()
    assert {"conformal", "error_bars"} <= set(found) and "promise" not in found


@pytest.mark.parametrize("study", [conformal, error_bars])
def test_a_study_gives_rows_with_figures_and_is_repeatable(study: ModuleType) -> None:
    rows = list(study.promises(3, 1))
    assert rows == list(study.promises(3, 1)) != list(study.promises(3, 2))
    for row in rows:
        assert row.data_sets == 3 and math.isfinite(row.found) and row.low <= row.found <= row.high
        assert row.about and row.world and row.promised


def test_a_table_says_what_was_promised_found_and_missed() -> None:
    row = Promise("coverage", "a | b", "at least 0.9", 0.85, 0.8, 0.9, False, 10, "old: 0.7")
    table = promise_tables.Table("one", "One kind", [row, Promise("c", "d", "e", 1.0, 0.9, 1.0, True, 10)], 3.0)
    text = promise_tables.in_words([table, promise_tables.Table("two", "Another", [row], 1.0)])
    assert "Of 3 promises, 1 were kept and 2 were missed: one 1 of 2, two 0 of 1." in text
    assert "| coverage | a \\| b | at least 0.9 | 0.85 (0.8 – 0.9) | 10 | **no** | old: 0.7 |" in text
    assert "With 10 data sets, too few: 200 tell what holds" in text
    assert promise_tables.in_words([]) == ""
    page = calibration_study.words(
        calibration_study.World("w"), calibration_study.World("c"), calibration_study.Study(), ["t", "u"], 1.0,
        promises=text,
    )  # fmt: skip
    assert text in page and page.index("## What was missed") < page.index("## One kind")


def test_processes_change_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    (table,) = promise_tables.run_all(2, 5, ["error_bars"], workers=1)
    assert table.rows == promise_tables.run_study("error_bars", 2, 5).rows
    assert "promises 1 of 1: error_bars" in capsys.readouterr().err
