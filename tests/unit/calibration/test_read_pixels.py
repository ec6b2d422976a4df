"""Which pixels calibrate."""

from __future__ import annotations

from pathlib import Path

from tests.unit.calibration.simulated import (
    fit_scans,
    simulated_scans,
)


def test_repeats_of_one_field_of_view_count_once(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12, groups=3)
    content = fit_scans(files, tmp_path / "c.json").content
    assert content["n_whole_scans"] == 3
    assert set(content["units"].values()) == {"pixel"}
    assert "no guarantee at scan level" in content["guarantee"]
    assert "at 0.8, 4 for scan" in content["unit_reason"]
