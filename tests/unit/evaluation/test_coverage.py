"""Coverage of each channel, against counting."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from noisebound.calibration.intervals import Calibration
from noisebound.evaluation.columns import COLUMNS
from noisebound.evaluation.coverage import channel_coverage
from noisebound.evaluation.held_out import load_held_out
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from tests.unit.evaluation.simulated import SHAPE, TEST, Brute, evaluated, run, select, simulate


def test_coverage_equals_counting() -> None:
    summary, tables, brute, _, _ = evaluated()
    assert list(tables["coverage"]["channel"]) == ["Mg", "Mg", "Fe", "Fe"]
    for nominal in (0.5, 0.9):
        covered, width = brute.inside(nominal)
        for c, name in enumerate(("Mg", "Fe")):
            entry = summary["channels"][name]["coverage"][f"{nominal:g}"]
            assert entry["value"] == pytest.approx(covered[:, c].mean())
            assert entry["mean_width"] == pytest.approx(width[:, c].mean(), rel=1e-6)
            positive = brute.target[:, c] > 0
            assert entry["without_atoms"] == pytest.approx(covered[:, c][positive].mean())
            assert entry["of_atoms"] == pytest.approx(covered[:, c][~positive].mean())
            assert entry["atoms"] == pytest.approx((~positive).mean())
            assert entry["zero_width"] == (width[:, c] == 0).mean()
            # Mg has a structure that its twelve blocks cannot average out; Fe is flat.
            assert (entry["low"] is None) == (entry["high"] is None) == (name == "Mg")
            assert name == "Mg" or entry["low"] < entry["value"] < entry["high"]
            assert summary["joint_coverage"][f"{nominal:g}"]["value"] == pytest.approx(covered.all(axis=1).mean())
            assert entry["below"] + entry["above"] + entry["value"] == pytest.approx(1)
            row = select(tables["coverage"], channel=name, nominal=nominal).iloc[0]
            assert row["coverage"] == pytest.approx(entry["value"])
            assert row["target"] == "the mean of the other 4 frames, noisy itself"
            assert row["n_pixels"] == 5 * (20 * 24 + 24 * 18)
            # 20 x 24 px make 2 x 3 blocks of about 8 px (20 / 8 rounds to even), 24 x 18 px make 3 x 2.
            assert row["n_blocks"] == 2 * 3 + 3 * 2


def test_coverage_of_the_truth_stands_beside_that_of_the_reference(tmp_path: Path) -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    truth = np.stack([4 + 3 * np.sin(x / 6) * np.cos(y / 5), np.full(SHAPE, 0.3)]).astype(np.float32)
    files = simulate(tmp_path, truth=truth)
    summary, tables, fitted = run(tmp_path, [files])
    brute = Brute(files, fitted)
    for (c, name), nominal in product(enumerate(("Mg", "Fe")), (0.5, 0.9)):
        inside = []
        for k in range(5):
            quantiles = (brute.raw[kind][k] for kind in ("lower", "median", "upper"))
            low, high, _ = fitted.interval(*quantiles, nominal)
            inside.append((low[c] <= truth[c][brute.mask]) & (truth[c][brute.mask] <= high[c]))
        entry = summary["channels"][name]["coverage"][f"{nominal:g}"]
        assert entry["of_truth"] == pytest.approx(np.mean(inside))
        assert entry["of_truth"] > entry["value"], "the noise of the reference needs room, too"
        row = select(tables["coverage"], channel=name, nominal=nominal).iloc[0]
        assert row["coverage_of_truth"] == pytest.approx(entry["of_truth"])
    assert run(tmp_path, [simulate(tmp_path / "n")])[0]["channels"]["Mg"]["coverage"]["0.9"]["of_truth"] is None


def test_channels_that_are_alike_have_one_and_the_same_interval() -> None:
    _, _, brute, _, files = evaluated()
    with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
        regions = load_held_out(predictions, scan, TEST, None, 8)
    kinds = ("lower", "median", "upper", "target")
    twins = [replace(r, **{kind: getattr(r, kind)[[0, 0]] for kind in kinds}) for r in regions]
    table = {key: {"Mg": entry["Mg"], "Fe": entry["Mg"]} for key, entry in brute.fitted.content["corrections"].items()}
    fitted = Calibration(brute.fitted.content | {"corrections": table})
    found = channel_coverage(twins, fitted)
    assert list(found.columns) == COLUMNS["coverage"]
    one, other = (
        found[found["channel"] == name].drop(columns="channel").reset_index(drop=True) for name in ("Mg", "Fe")
    )
    assert one.equals(other)
    assert (found["joint_coverage"] == found["coverage"]).all(), "and are covered at the same pixels"
    without = channel_coverage(twins, fitted, intervals=False)
    assert without["low"].isna().all() and without["coverage"].equals(found["coverage"])
