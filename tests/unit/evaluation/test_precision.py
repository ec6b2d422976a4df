"""The realised precision of decisions."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.evaluation.simulated import evaluated


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
