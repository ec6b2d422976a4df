"""The realised precision of decisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from noisebound.evaluation.columns import COLUMNS
from noisebound.evaluation.precision import realised_precision
from tests.unit.evaluation.simulated import EXCEED, evaluated, run, simulate


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
