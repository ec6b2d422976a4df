"""Tables as data frames: text stays text, numbers become numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from noisebound.core.data_frames import read_table
from noisebound.core.tables import write_table


def test_names_that_look_like_something_else_stay_names(tmp_path: Path) -> None:
    channels = ["NA", "7", "007", "1e3", "None", "-3.5", "true"]
    write_table(tmp_path / "t.csv", ["channel", "x"], [(channel, 0.5) for channel in channels])
    assert list(read_table(tmp_path / "t.csv")["channel"]) == channels


def test_numbers_are_numbers_and_empty_cells_are_missing(tmp_path: Path) -> None:
    rows = [("Mg", 1 / 3, 7, None), ("Fe", float("inf"), -2, 0.25)]
    write_table(tmp_path / "t.csv", ["channel", "x", "n", "gap"], rows)
    table = read_table(tmp_path / "t.csv")
    assert table["x"].iloc[0] == pytest.approx(1 / 3, rel=1e-8) and table["x"].iloc[1] == float("inf")
    assert table["n"].dtype.kind == "i" and list(table["n"]) == [7, -2]
    assert list(table["gap"].isna()) == [True, False]


def test_an_empty_file_is_an_empty_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").touch()
    assert read_table(tmp_path / "t.csv").empty
    write_table(tmp_path / "head.csv", ["channel", "x"], [])
    assert (
        list(read_table(tmp_path / "head.csv").columns) == ["channel", "x"] and read_table(tmp_path / "head.csv").empty
    )


def test_headers_that_look_like_formulas_are_read_as_they_were(tmp_path: Path) -> None:
    write_table(tmp_path / "t.csv", ["name", "=Mg_mean", "-CH3"], [("a", 1.0, 2.0)])
    assert list(read_table(tmp_path / "t.csv").columns) == ["name", "=Mg_mean", "-CH3"]
