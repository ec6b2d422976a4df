"""Calibrated intervals and bounds of images, and their promises for scans that differ."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from noisebound.calibration.calibrate_scan import calibrate_scan
from noisebound.calibration.conformal import corrections, side_scores
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.tie_draws import tie_draws_at
from noisebound.core.errors import InputError
from noisebound.files.predictions import Predictions
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import (
    CALIBRATE,
    TEST,
    coverage,
    fit_counts,
    fit_misjudged,
    images,
    misjudged_scan,
    poisson_scan,
    skewed_scans,
)


@pytest.mark.parametrize(
    ("score", "scaled", "edge"),
    [("asymmetric", False, None), ("symmetric", True, None), ("asymmetric", True, None), ("symmetric", False, 1.2)],
    ids=["by side", "by width", "by side and width", "by intensity"],
)
def test_promises_hold_for_other_scores_and_for_groups(score: Any, scaled: bool, edge: float | None) -> None:
    """100 data sets of 20 scans, judged by delivered intervals on 1500 further scans; pooled pixels beside them."""
    rng = np.random.default_rng(12)
    lower, median, upper, reference = skewed_scans(1500, rng)
    groups = [np.ones_like(median, dtype=bool)] if edge is None else [median < edge, median >= edge]
    coverage: dict[tuple[Any, int], list[np.ndarray]] = {}
    nominal = {"scan": 0.8, "pac": 0.5, "pixel": 0.8}
    for _ in range(100):
        low, middle, high, target = skewed_scans(20, rng)
        scores = side_scores(low, high, target, scaled)
        inside = [np.ones_like(middle, dtype=bool)] if edge is None else [middle < edge, middle >= edge]
        for unit, share in nominal.items():
            entries = []
            for group in inside:
                parts: list[Any] = [[own[own_in] for own, own_in in zip(side, group, strict=True)] for side in scores]
                if unit == "pixel":
                    parts = [np.concatenate(side) for side in parts]
                entries.append(corrections(*parts, share, score, unit))  # type: ignore[arg-type]
            entry = entries[0] if edge is None else {**entries[0], "groups": entries}
            assert all(math.isfinite(part["upper"]) and math.isfinite(part["lower"]) for part in entries)
            content: dict[str, Any] = {"channels": ["Fe"], "nominal": [share], "primary": share, "floor": None}
            content |= {"corrections": {f"{share:g}": {"Fe": entry}}, "scale": "width" if scaled else "none"}
            content |= {} if edge is None else {"groups": {"by": "intensity", "edges": {"Fe": [edge]}}}
            start, end, _ = Calibration(content).interval(lower[None], median[None], upper[None], share)
            covered = (start[0] <= reference) & (reference <= end[0])
            for g, group in enumerate(groups):
                has = group.any(axis=1)
                own = (covered & group).sum(axis=1)[has] / group.sum(axis=1)[has]
                coverage.setdefault((unit, g), []).append(own)
    chance = 3 * math.sqrt(0.95 * 0.05 / 100)
    for (unit, g), found in coverage.items():
        own, p = np.array(found), nominal[unit]
        mean, reached = own.mean(axis=1), (own.mean(axis=1) >= p).mean()
        error = math.hypot(mean.std(ddof=1) / 10, own.mean(axis=0).std(ddof=1) / math.sqrt(own.shape[1]))
        if unit == "scan":
            assert p - 3 * error <= mean.mean() < 0.97, (unit, g)
        elif unit == "pac":
            most = ((own >= p).mean(axis=1) >= p).mean()
            assert min(reached, most) >= 0.95 - chance, (unit, g)
            assert mean.mean() < 0.97, (unit, g)
        else:
            assert reached < 0.8, "pooled pixels would promise what they cannot"


def test_crossed_ends_are_put_on_the_median_and_counted() -> None:
    entry = {"lower": -2.0, "upper": -0.5, "n": 9, "k": 9}
    fitted = Calibration(
        {"channels": ["a"], "nominal": [0.5], "primary": 0.5, "floor": None, "corrections": {"0.5": {"a": entry}}}
    )
    median = np.array([[5, 5, 5, 5]], np.float32)
    lower = np.array([[4, 2, 1, 3]], np.float32)
    upper = np.array([[6, 6, 5.25, 7]], np.float32)
    low, high, fraction = fitted.interval(lower, median, upper, 0.5)
    np.testing.assert_array_equal(low, [[5, 4, 3, 5]])
    np.testing.assert_array_equal(high, [[5.5, 5.5, 5, 6.5]])
    assert fraction == [0.5]
    with pytest.raises(InputError, match=r"calibration.nominal"):
        fitted.interval(lower, median, upper, 0.9)
    with pytest.raises(InputError, match=r"decisions.exceed.confidence"):
        fitted.bound("lower", lower, median, upper, 0.9)


def test_floor_holds_for_both_ends_and_infinity_is_a_word(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path, boxes=[Box("calibrate", (0, 0), (1, 2))])
    fitted = fit_counts(files, tmp_path / "c.json")
    assert fitted.content["corrections"]["0.9"]["Mg"]["lower"] == "inf"
    assert "nominal 0.9 in channel Mg" in fitted.guarantee
    assert "infinite" in fitted.guarantee
    with Predictions(files.ensemble) as predictions:
        low, high, _ = fitted.interval(*predictions.read_frame(0), 0.9)
    assert (low == 0).all()
    assert np.isposinf(high).all()
    entry = {"lower": 9.0, "upper": -9.0, "n": 9, "k": 9}
    content = fitted.content | {"corrections": {"0.9": {"Mg": entry, "Fe": entry}}}
    zeros = np.zeros((2, 1), np.float32)
    low, high, _ = Calibration(content).interval(zeros - 1, zeros - 0.5, zeros, 0.9)
    assert (low == 0).all()
    assert (high == 0).all()


def test_scaled_corrections_widen_in_proportion(tmp_path: Path) -> None:
    files = misjudged_scan(tmp_path)
    fitted = fit_misjudged(files, tmp_path, scale="width")
    lower, median, upper, _ = images(files, CALIBRATE)
    low, high, _ = fitted.interval(lower, median, upper, 0.8)
    q = fitted.content["corrections"]["0.8"]["Mg"]["upper"]
    free = low[0] > 0
    np.testing.assert_allclose((high - low)[0][free], (1 + 2 * q) * (upper - lower)[0][free], rtol=1e-5)
    inside = coverage(fitted, files, CALIBRATE, 0.8)
    n = 60 * 40
    assert (inside.reshape(2, -1).sum(axis=1) >= 0.8 * n).all()
    bound = fitted.bound("upper", lower, median, upper, 0.8)
    target = images(files, CALIBRATE)[3]
    assert ((target <= bound).reshape(2, -1).sum(axis=1) >= 0.8 * n).all()


def test_random_ties_give_the_coverage_asked_for(tmp_path: Path) -> None:
    """Sparse counts: most targets and lower ends are 0, so covering all ties covers far too many."""
    files = misjudged_scan(tmp_path, counts=True)
    draws = tie_draws_at("s", 0, 2, TEST)
    shares = {}
    for ties in ("cover", "random"):
        fitted = fit_misjudged(files, tmp_path, ties=ties)
        assert fitted.random_ties == (ties == "random")
        shares[ties] = coverage(fitted, files, TEST, 0.5, tie_draws=draws)[1].mean()
    assert shares["cover"] > 0.7
    assert shares["random"] == pytest.approx(0.5, abs=0.05)
    calibrate_scan(files.ensemble, tmp_path / "c.json", tmp_path / "d.h5", tmp_path / "d.tif")
    lower, median, upper, _ = images(files, TEST)
    expected = fitted.interval(lower, median, upper, 0.5, tie_draws=draws)
    with Predictions(tmp_path / "d.h5") as denoised:
        for got, want in zip(denoised.read_interval(0.5), expected[:2], strict=True):
            np.testing.assert_array_equal(got[(slice(None), *TEST)], want)
