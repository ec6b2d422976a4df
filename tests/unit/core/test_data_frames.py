"""Tables as data frames: text stays text, numbers become numbers."""

from __future__ import annotations

from pathlib import Path

from noisebound.core.data_frames import read_table
from noisebound.core.tables import write_table


def test_names_that_look_like_something_else_stay_names(tmp_path: Path) -> None:
    channels = ["NA", "7", "007", "1e3", "None", "-3.5", "true"]
    write_table(tmp_path / "t.csv", ["channel", "x"], [(channel, 0.5) for channel in channels])
    assert list(read_table(tmp_path / "t.csv")["channel"]) == channels
