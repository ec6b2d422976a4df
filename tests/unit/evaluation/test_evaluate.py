"""The step evaluate: the same bytes for the same seed, several scans, and what cannot be measured."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from noisebound.geometry.boxes import Box
from tests.unit.evaluation.simulated import SHAPE, TEST, run, select, simulate


def test_same_seed_same_bytes_and_other_seed_other_slabs(tmp_path: Path) -> None:
    files = simulate(tmp_path)
    texts = []
    for seed in (4, 4, 5):
        run(tmp_path, [files], seed=seed)
        texts.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert texts[0] == texts[1]
    assert texts[0]["modes.csv"] != texts[2]["modes.csv"]
    assert texts[0]["coverage.csv"] == texts[2]["coverage.csv"], "intervals take no random draws"
    assert texts[0]["errors.csv"] == texts[2]["errors.csv"]


def test_several_scans_are_pooled_by_pixels(tmp_path: Path) -> None:
    one = simulate(tmp_path / "a")
    box = [Box("test", (0, 0), (48, 30))]
    two = simulate(tmp_path / "b", name="t", boxes=box, noisy=np.ones((5, 2, *SHAPE), np.uint8) * 3, members=None,
                   reference=np.full((2, *SHAPE), 15, np.uint32))  # fmt: skip
    three = simulate(
        tmp_path / "c", name="u", boxes=[Box("apply", (0, 0), SHAPE)], reference=None, reference_kind="none"
    )
    summary, tables, _ = run(tmp_path, [one, two, three])
    mode = select(tables["modes"], chosen=True, channel="Mg", nominal=0.9).iloc[0]
    ends = sorted(entry["Mg"]["coverage"]["0.9"]["value"] for entry in summary["scans"].values())
    assert (mode["scan_low"], mode["scan_high"], mode["scans"]) == pytest.approx((*ends, 2))
    assert list(summary["scans"]) == ["s", "t"]
    a, b, both = (entry["Mg"] for entry in (*summary["scans"].values(), summary["channels"]))
    assert both["n_pixels"] == a["n_pixels"] + b["n_pixels"] == 5 * (912 + 1440)
    weighted = (a["rmse"] ** 2 * a["n_pixels"] + b["rmse"] ** 2 * b["n_pixels"]) / both["n_pixels"]
    assert both["rmse"] == pytest.approx(math.sqrt(weighted))
    covered = sum(e["coverage"]["0.9"]["value"] * e["n_pixels"] for e in (a, b)) / both["n_pixels"]
    assert both["coverage"]["0.9"]["value"] == pytest.approx(covered)
    assert b["correlation"] is None
    assert len(tables["errors"]) == 4


def test_without_test_region_the_summary_says_so(tmp_path: Path) -> None:
    files = simulate(tmp_path, boxes=[Box("calibrate", (0, 0), SHAPE)])
    summary, tables, _ = run(tmp_path, [files])
    assert summary["channels"] == {}
    assert summary["ratio_to_gaussian"] is None
    assert "No scan has a test region" in summary["why"]
    assert all(len(table) == 0 and "channel" in table.columns for table in tables.values())


def test_infinite_intervals_stay_readable_json(tmp_path: Path) -> None:
    files = simulate(tmp_path, boxes=[Box("calibrate", (0, 0), (1, 1)), *TEST])
    summary, _, _ = run(tmp_path, [files])
    entry = summary["channels"]["Mg"]["coverage"]["0.9"]
    assert entry["value"] == 1
    assert entry["mean_width"] is None
    assert "above the nominal" in summary["channels"]["Mg"]["explanation"]
