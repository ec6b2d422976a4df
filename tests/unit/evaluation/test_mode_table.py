"""Modes beside the one that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.calibration.intervals import Calibration
from noisebound.evaluation import mode_table
from noisebound.evaluation.held_out import load_held_out
from noisebound.evaluation.mode_table import all_modes, compare_modes, fewer_frames
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from tests.unit.evaluation.simulated import TEST, evaluated, select


def test_modes_are_compared_with_the_one_asked_for() -> None:
    summary, tables, brute, _, _ = evaluated()
    modes, blocks = tables["modes"], tables["by_block"]
    assert set(modes["nominal"]) == {0.5, 0.9}
    modes = modes[modes["nominal"] == 0.9]
    chosen = modes[modes["chosen"]]
    assert list(chosen["mode"]) == ["symmetric"] * 2
    assert list(chosen["relative_width"]) == [1, 1]
    others = set(modes[~modes["chosen"]]["mode"])
    assert others == {
        "asymmetric, scaled by width",
        "symmetric, scaled by width",
        "symmetric, scaled by width, all channels together",
    }
    for c, name in enumerate(("Mg", "Fe")):
        row = select(modes, mode="symmetric", channel=name).iloc[0]
        assert row["coverage"] == pytest.approx(summary["channels"][name]["coverage"]["0.9"]["value"])
        deciles = select(tables["by_intensity"], channel=name, nominal=0.9)["coverage"]
        assert row["decile_low"] == pytest.approx(deciles.min())
        assert row["decile_gap"] == pytest.approx((deciles - 0.9).abs().mean())
        tokens = select(tables["by_token"], channel=name, nominal=0.9)["coverage"]
        assert (row["token_low"], row["token_high"]) == pytest.approx((tokens.min(), tokens.max()))
        own = select(blocks, channel=name)
        assert row["block_low"] == pytest.approx(np.quantile(own["coverage"], 0.1))
        assert len(own) == 12
        assert own["n_pixels"].sum() == brute.target[:, c].size
        assert (own["coverage"] * own["n_pixels"]).sum() == pytest.approx(brute.inside(0.9)[0][:, c].sum())
        # The block that begins in the corner of the first test box, by plain indexing.
        first = own[(own["y"] == 0) & (own["x"] == 40)].iloc[0]
        place = np.flatnonzero(brute.mask)
        inside = brute.inside(0.9)[0][:, c]
        chosen_pixels = (place // 64 < 10) & (place % 64 < 48)
        assert first["coverage"] == pytest.approx(inside[:, chosen_pixels].mean())


def test_every_mode_comes_with_its_own_corrections_at_all_coverages() -> None:
    *_, brute, _, _ = evaluated()
    fitted: Calibration = brute.fitted
    modes = all_modes(fitted)
    assert [mode.chosen for mode in modes] == [True] + [False] * (len(modes) - 1)
    for mode, content in zip(modes, [fitted.content, *fitted.content["others"]], strict=True):
        own = mode.calibration
        assert own.nominal == fitted.nominal
        assert own.content["corrections"] == content["corrections"]
        assert own.scaled == ("scaled" in mode.name) and own.joint == ("together" in mode.name)
        assert own.unit(0.5) == own.unit(0.9) == "pixel"
        assert own.path == fitted.path
    older = {key: value for key, value in fitted.content.items() if key not in ("mode", "others")}
    assert [mode.name for mode in all_modes(Calibration(older))] == ["as asked for"]


def test_interval_score_and_joint_coverage_equal_counting() -> None:
    _, tables, brute, _, _ = evaluated()
    for nominal in (0.5, 0.9):
        own = select(tables["modes"], chosen=True, nominal=nominal).set_index("channel")
        covered, width = brute.inside(nominal)
        ends = [brute.fitted.interval(*(brute.raw[kind][k] for kind in brute.raw), nominal)[:2] for k in range(5)]
        low, high = np.array([end[0] for end in ends]), np.array([end[1] for end in ends])
        outside = np.maximum(low - brute.target, 0) + np.maximum(brute.target - high, 0)
        assert (outside > 0).sum() == (~covered).sum()
        score = (width + 2 / (1 - nominal) * outside).mean(axis=(0, 2))
        assert list(own["winkler"]) == pytest.approx(list(score), rel=1e-6)
        assert list(own["joint_coverage"]) == pytest.approx([covered.all(axis=1).mean()] * 2)
        assert set(own["relative_winkler"]) == {1.0}
        assert (own["worst_slab"] < own["coverage"] + 0.05).all()


def test_large_scans_are_compared_on_fewer_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, brute, _, files = evaluated()
    with Predictions(files.ensemble) as predictions, Scan(files.scan) as scan:
        regions = load_held_out(predictions, scan, TEST, None, 8)
    assert [region.frames for region in fewer_frames(regions)] == [(0, 1, 2, 3, 4)] * 2
    monkeypatch.setattr(mode_table, "MOST_PIXELS", sum(region.target[0].size for region in regions) // 2)
    few = fewer_frames(regions)
    for region, all_of_it in zip(few, regions, strict=True):
        assert region.frames == (0, 1, 2, 4) and region.frames[region.delivered] == predictions.frame == 1
        for name in ("lower", "median", "target", "noise", "slope"):
            np.testing.assert_array_equal(getattr(region, name), getattr(all_of_it, name)[:, [0, 1, 2, 4]])
    found = compare_modes(regions, brute.fitted, np.random.default_rng(0))
    monkeypatch.setattr(mode_table, "MOST_PIXELS", 10**9)
    assert found.equals(compare_modes(few, brute.fitted, np.random.default_rng(0)))
