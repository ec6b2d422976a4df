"""Tables hold no formula, and what was written is read back."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noisebound.core import tables
from noisebound.core.data_frames import read_table
from noisebound.core.tables import cell_of, text_of, write_table
from noisebound.core.texts import hidden_in, one_line
from tests.unit.core.hostile import hostile


@settings(deadline=None)
@given(st.lists(hostile, min_size=1, max_size=4), st.floats(), st.integers(-9, 9))
def test_a_table_holds_no_formula_and_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], number: float, whole: int
) -> None:
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    header = ["name", f"{texts[0]}_mean", "whole"]
    write_table(path, header, [(text, number, whole) for text in texts])
    raw = path.read_bytes().decode("utf-8")
    assert hidden_in(raw.replace("\n", "")) == []
    rows = list(csv.reader(raw.splitlines()))
    for cell in [cell for row in rows for cell in row]:
        for part in cell.split(";"):  # as spreadsheets of some countries part them
            assert not re.match(r"[=+\-@＝＋－＠]", part) or re.fullmatch(r"[-+]?[\d.]+(e[-+]?\d+)?|-inf", part, re.I)
    table = read_table(path)
    assert list(table["name"]) == [one_line(text) for text in texts]
    assert list(table.columns) == [one_line(column) for column in header]
    assert list(table["whole"]) == [whole] * len(texts)
    assert table.iloc[0, 1] == pytest.approx(number, rel=1e-8, nan_ok=True)


@given(hostile)
def test_the_apostrophe_comes_off_again(text: str) -> None:
    assert text_of(cell_of(text)) == one_line(text)


def test_numbers_stay_as_they_are(tmp_path: Path) -> None:
    write_table(
        tmp_path / "t.csv", ["a", "b", "c", "d"], [(-3.5, -2, np.float32(-0.25), "-3.5"), (None, 1, np.nan, "")]
    )
    assert (tmp_path / "t.csv").read_text() == "a,b,c,d\n-3.5,-2,-0.25,-3.5\n,1,,\n"


def test_tables_are_those_that_pandas_would_write(tmp_path: Path) -> None:
    table = pd.DataFrame({"channel": ["Mg", "a,b"], "x": [1 / 3, np.nan], "n": [1, 2], "yes": [True, False]})
    write_table(tmp_path / "ours.csv", table.columns, table.itertuples(index=False))
    assert (tmp_path / "ours.csv").read_text() == table.to_csv(index=False, float_format="%.9g")


def test_there_is_one_writer_of_tables() -> None:
    files = sorted(Path(tables.__file__).parents[1].rglob("*.py"))
    writers = [path.stem for path in files if re.search(r"to_csv\(|csv\.(?:Dict)?[wW]riter", path.read_text("utf-8"))]
    assert len(files) > 100 and writers == ["tables"]
