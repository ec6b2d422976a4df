"""Charts of the index: all are there where there are data, and none is drawn of an empty table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from noisebound.report.index_charts import charts, conditional
from noisebound.report.index_page import RunFiles
from tests.unit.example_run import write_run_files


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFiles:
    return RunFiles(**write_run_files(tmp_path_factory.mktemp("run"), ["Mg", "Fe"], "map", 2, 2))


def test_every_chart_has_a_label_of_its_own(run: RunFiles) -> None:
    found = charts(run, ["Fe"], 0.9)
    names = ("reliability", "gap", "training", "ensemble_size", "stability")
    assert set(found) == {*names, "conditional"}
    labels = [str(found[name]).partition('aria-label="')[2].partition('"')[0] for name in names]
    assert len(set(labels)) == 5 and all(labels)
    assert labels[1] == f"{labels[0]}, as difference"
    (row,) = found["conditional"]
    assert row["channel"] == "Fe" and len(row["panels"]) == 4


def test_tables_without_rows_give_no_chart(run: RunFiles, tmp_path: Path) -> None:
    empty = {}
    for name in ("coverage_csv", "ensemble_size_csv", "stability_csv"):
        pd.read_csv(getattr(run, name)).head(0).to_csv(tmp_path / f"{name}.csv", index=False)
        empty[name] = tmp_path / f"{name}.csv"
    found = charts(replace(run, **empty, conditional_csv={}, histories=[]), ["Fe"], 0.9)
    assert found.pop("conditional") == []
    assert set(found.values()) == {None}


def test_a_channel_without_rows_has_no_panels() -> None:
    rows = [{"channel": "a", "nominal": n, "token": 0, "coverage": 0.9, "low": 0.8, "high": 1.0} for n in (0.5, 0.9)]
    other = [{"channel": "b", "nominal": 0.5, "token": 0, "coverage": 0.5, "low": 0.4, "high": 0.6}]
    found = conditional({"token": pd.DataFrame(rows + other)}, ["a", "b", "c"], 0.9)
    assert [row["channel"] for row in found] == ["a"], "b has no row at this nominal coverage, c has none at all"
    assert 'aria-label="Coverage of a by token"' in found[0]["panels"][0]
