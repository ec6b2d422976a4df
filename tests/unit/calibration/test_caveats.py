"""What else belongs to the promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.calibration.simulated import (
    fit_scans,
    simulated_scans,
)


def test_words_name_what_each_coverage_and_bound_promises(tmp_path: Path) -> None:
    files = simulated_scans(tmp_path, 12)
    options: dict[str, Any] = {"nominal": [0.5, 0.9, 0.95], "primary": 0.9, "confidences": [0.9, 0.95]}
    words = fit_scans(files, tmp_path / "c.json", **options).guarantee
    assert (
        "Another promise holds for nominal coverage 0.95 and for one-sided bounds, and decisions by them, at 0.95:"
        in words
    )
    assert "approximately, not about further scans (unit pixel)" in words
    assert "in each channel by itself" in words
    assert "a single frame of it can have less" in words
    alike = fit_scans(files, tmp_path / "d.json", unit="scan", nominal=[0.5, 0.9], primary=0.9, confidences=[0.9])
    assert "Another promise" not in alike.guarantee
    sure = fit_scans(files, tmp_path / "e.json", unit="pac", nominal=[0.5], primary=0.5)
    assert "in at least 50 of 100 pixels of each of at least 50 of 100 further scans" in sure.guarantee
    assert "not of all together" in sure.guarantee
