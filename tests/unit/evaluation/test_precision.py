"""The realised precision of decisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.evaluation.columns import COLUMNS
from noisebound.evaluation.precision import realised_precision
from tests.unit.evaluation.simulated import EXCEED, SHAPE, evaluated, run, simulate


def test_realised_precision_equals_counting() -> None:
    summary, tables, brute, _, _ = evaluated()
    frames = list(zip(*(brute.raw[kind] for kind in ("lower", "median", "upper")), strict=True))
    low, high = (np.array([brute.fitted.bound(side, *v, 0.75) for v in frames])[:, 0] for side in ("lower", "upper"))
    target = brute.target[:, 0]
    rows = tables["decisions"].set_index("side")
    above, below = (low > 4) & (high > 4), (high <= 4) & (low <= 4)
    assert above.any()
    assert below.any()
    assert rows.loc["above", "precision"] == pytest.approx((target > 4)[above].mean())
    assert rows.loc["below", "precision"] == pytest.approx((target <= 4)[below].mean())
    assert rows.loc["above", "declared"] == pytest.approx(above.mean())
    assert [entry["name"] for entry in summary["decisions"]] == ["rich", "rich"]


def test_decisions_about_the_signal_are_judged_by_the_truth_or_beside_what_is_expected(tmp_path: Path) -> None:
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    truth = np.stack([4 + 3 * np.sin(x / 6) * np.cos(y / 5), np.full(SHAPE, 0.3)]).astype(np.float32)
    entry = EXCEED | {"of": "signal", "confidence": 0.75}
    _, tables, _ = run(tmp_path / "a", [simulate(tmp_path / "a", truth=truth)], exceed=[entry])
    known = tables["decisions"].set_index("side")
    assert (known["of"] == "signal").all() and (known["against"] == "truth").all()
    _, tables, fitted = run(tmp_path / "b", [simulate(tmp_path / "b")], exceed=[entry, EXCEED])
    assert fitted.signal is not None
    rows = tables["decisions"].iloc[:2].set_index("side")
    assert (rows["against"] == "reference").all() and (rows["n_pixels"] == known["n_pixels"]).all()
    for side in ("above", "below"):
        # The signal is on the declared side nearly always; the noisy reference less often, by as much as is expected.
        assert known.loc[side, "precision"] > 0.95 > rows.loc[side, "precision"]
        assert rows.loc[side, "expected"] == pytest.approx(rows.loc[side, "precision"], abs=0.05)
    repeat = tables["decisions"].iloc[2:]
    assert (repeat["of"] == "repeat").all() and repeat["expected"].isna().all()
    assert (rows["n_pixels"].to_numpy() > 1.2 * repeat["n_pixels"].to_numpy()).all()


def test_a_threshold_that_nobody_reaches_has_no_precision(tmp_path: Path) -> None:
    exceed = [EXCEED | {"name": "never", "above": 1e6}, EXCEED | {"name": "always", "above": -1.0}]
    _, tables, _ = run(tmp_path, [simulate(tmp_path)], exceed=exceed)
    rows = tables["decisions"].set_index(["name", "side"])
    for name, side, other in (("never", "below", "above"), ("always", "above", "below")):
        assert rows.loc[(name, side), "precision"] == rows.loc[(name, side), "declared"] == 1
        assert np.isnan(rows.loc[(name, other), "precision"])
        assert rows.loc[(name, other), "declared"] == rows.loc[(name, other), "n_blocks"] == 0
    nothing = realised_precision([], evaluated()[2].fitted, [])
    assert list(nothing.columns) == COLUMNS["decisions"] and not len(nothing)
