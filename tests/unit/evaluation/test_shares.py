"""What a bootstrap draws anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.geometry.boxes import Box
from tests.unit.evaluation.simulated import SHAPE, run, select, simulate


def test_many_test_scans_are_drawn_as_wholes(tmp_path: Path) -> None:
    """Ten scans that differ by their gain: blocks would claim to know the coverage far better than scans do."""
    rng = np.random.default_rng(3)
    files = [simulate(tmp_path / "first", boxes=[Box("calibrate", (0, 0), SHAPE)])]
    for number in range(10):
        reference = np.full((2, *SHAPE), 20 + 2 * (number % 5), np.uint32) + rng.poisson(3, (2, *SHAPE)).astype(
            np.uint32
        )
        files.append(
            simulate(
                tmp_path / str(number), name=f"t{number}", boxes=[Box("test", (0, 0), SHAPE)], members=None,
                reference=reference, reference_kind="measured",
            )
        )  # fmt: skip
    lists = [run(tmp_path / "few", files[:5]), run(tmp_path / "many", files)]
    rows = [select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0] for _, tables, _ in lists]
    assert [row["resampled"] for row in rows] == ["blocks", "scans"]
    assert [summary["channels"]["Mg"]["resampled"] for summary, _, _ in lists] == ["blocks", "scans"]
    summary = lists[1][0]
    own = np.array([entry["Mg"]["coverage"]["0.9"]["value"] for entry in summary["scans"].values()])
    draws = np.random.default_rng(0).choice(own, (4000, 10)).mean(axis=1)
    assert rows[1]["high"] - rows[1]["low"] == pytest.approx(np.ptp(np.quantile(draws, [0.025, 0.975])), rel=0.25)
    assert rows[1]["n_blocks"] == 10 * 6 * 8


def test_repeats_of_one_group_are_one_thing_to_draw(tmp_path: Path) -> None:
    """Ten scans, two of each field of view: as if five had been measured, however often."""
    files = [simulate(tmp_path / "first", boxes=[Box("calibrate", (0, 0), SHAPE)])]
    box = [Box("test", (0, 0), (16, 16))]
    for number in range(10):
        files.append(
            simulate(tmp_path / str(number), name=f"t{number}", boxes=box, members=None, group=f"place {number % 5}")
        )
    _, once, _ = run(tmp_path / "once", files[:6], exceed=[])
    summary, twice, _ = run(tmp_path / "twice", files, exceed=[])
    assert summary["channels"]["Mg"]["resampled"] == "blocks"
    rows = [select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0] for tables in (once, twice)]
    assert [row["n_blocks"] for row in rows] == [5 * 4, 5 * 4]
    assert [row["n_pixels"] for row in rows] == [5 * 5 * 256, 10 * 5 * 256]
    # Every repeat is the same here, so measuring twice teaches nothing.
    assert rows[0]["low"] == rows[1]["low"] and rows[0]["high"] == rows[1]["high"]
    assert set(twice["modes"]["scans"]) == {5}
    assert len(set(twice["by_block"]["scan"])) == 10
