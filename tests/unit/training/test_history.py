"""Loss curves as a table: every number exactly, columns in their order."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from noisebound.training.history import HISTORY_COLUMNS, write_history


def test_numbers_are_written_exactly_and_what_was_not_measured_stays_open(tmp_path: Path) -> None:
    values = {"step": 4, "learning_rate": 0.1 + 0.2, "train_loss": 1 / 3, "select_loss": math.nan, "seconds": 1.25}
    row = {"device": "cuda:0", "best": 1, **values}
    write_history(tmp_path / "h.csv", [row, {**row, "step": 8, "select_loss": 1e-17}])
    with open(tmp_path / "h.csv", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert tuple(reader.fieldnames or ()) == HISTORY_COLUMNS
    assert [int(row["step"]) for row in rows] == [4, 8] and rows[0]["device"] == "cuda:0"
    assert float(rows[0]["learning_rate"]) == 0.1 + 0.2 and float(rows[0]["train_loss"]) == 1 / 3
    assert math.isnan(float(rows[0]["select_loss"] or "nan")) and float(rows[1]["select_loss"]) == 1e-17


def test_a_training_that_measured_nothing_has_a_header_alone(tmp_path: Path) -> None:
    write_history(tmp_path / "h.csv", [])
    assert (tmp_path / "h.csv").read_text(encoding="utf-8").splitlines() == [",".join(HISTORY_COLUMNS)]
