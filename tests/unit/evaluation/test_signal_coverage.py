"""What the intervals for the signal are worth, against plain counting."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.calibration.image_slope import squared_slope
from noisebound.evaluation.columns import COLUMNS
from noisebound.evaluation.held_out import load_held_out
from noisebound.evaluation.signal_coverage import bound_coverage, bound_on, error_ratio, signal_table
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from tests.unit.evaluation.simulated import SHAPE, TEST, evaluated, run, select, simulate


def test_the_table_equals_counting() -> None:
    summary, tables, brute, _, files = evaluated()
    assert list(tables["signal"].columns) == COLUMNS["signal"]
    with h5py.File(files.ensemble) as ensemble:
        slope = np.stack(
            [[squared_slope(channel)[brute.mask] for channel in frame] for frame in ensemble["frames/median"][:]]
        )
    for c, name in enumerate(("Mg", "Fe")):
        ends = [brute.fitted.signal_interval(m, s, 0.9) for m, s in zip(brute.median, slope, strict=True)]
        row = select(tables["signal"], channel=name, nominal=0.9).iloc[0]
        assert row["mean_width"] == pytest.approx(np.mean([high[c] - low[c] for low, high in ends]), rel=1e-5)
        spread = np.stack([brute.fitted.signal_spread(m, s) for m, s in zip(brute.median, slope, strict=True)])[:, c]
        target = brute.target[:, c].astype(float)
        found = np.square(target - brute.median[:, c]) - target / 4
        assert row["error_ratio"] == pytest.approx(found.mean() / np.square(spread).mean(), rel=1e-4)
        entry = summary["channels"][name]["signal"]
        assert entry["coverage"]["0.9"]["mean_width"] == pytest.approx(row["mean_width"])
        assert entry["error_ratio"] == pytest.approx(row["error_ratio"])
        assert math.isnan(row["coverage_of_truth"]) and entry["coverage"]["0.9"]["of_truth"] is None


def test_intervals_hold_the_truth_of_a_simulated_scan(tmp_path: Path) -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    truth = np.stack([4 + 3 * np.sin(x / 6) * np.cos(y / 5), np.full(SHAPE, 0.3)]).astype(np.float32)
    _, tables, _ = run(tmp_path, [simulate(tmp_path, truth=truth)])
    row = select(tables["signal"], channel="Mg", nominal=0.9).iloc[0]
    assert row["coverage_of_truth"] == pytest.approx(0.9, abs=0.09)  # one small data set
    repeat = select(tables["coverage"], channel="Mg", nominal=0.9).iloc[0]
    assert row["mean_width"] < 0.5 * repeat["mean_width"] and repeat["coverage_of_truth"] > 0.99


def test_bounds_equal_counting() -> None:
    _, _, brute, _, files = evaluated()
    with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
        regions = load_held_out(predictions, scan, TEST, None, 8)
    found = bound_coverage(regions, brute.fitted, 0, 0.75, "repeat")
    for side, sign in (("lower", 1), ("upper", -1)):
        inside = [sign * (r.target[0] - bound_on(r, brute.fitted, 0, side, 0.75, "repeat")) >= 0 for r in regions]
        assert found[f"{side}_bound_coverage"] == pytest.approx(
            np.concatenate([part.ravel() for part in inside]).mean()
        )
        assert 0.6 < found[f"{side}_bound_coverage"] < 0.9
    nowhere = bound_coverage(regions, brute.fitted, 0, 0.6, "repeat") | bound_coverage(
        regions, brute.fitted, 0, 0.75, "signal"
    )
    assert all(math.isnan(value) for value in nowhere.values())


def test_without_known_noise_nothing_is_claimed(tmp_path: Path) -> None:
    reference = np.random.default_rng(2).normal(5, 1, (2, *SHAPE)).astype(np.float32)
    files = simulate(tmp_path, reference=reference, reference_kind="measured", counts=False)
    summary, tables, fitted = run(tmp_path, [files])
    assert tables["signal"].empty and summary["channels"]["Mg"]["signal"] is None
    _, _, brute, _, other = evaluated()
    with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
        regions = load_held_out(predictions, scan, TEST, None, 8)
    assert all(math.isnan(value) for value in error_ratio(regions, brute.fitted, 0))
    assert signal_table(regions, fitted).empty and other.scan != files.scan
