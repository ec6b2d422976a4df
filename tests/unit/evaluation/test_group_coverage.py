"""Coverage by group, against counting."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.evaluation.simulated import evaluated, select


def test_groups_equal_counting() -> None:
    _, tables, brute, labels, _ = evaluated()
    covered, _ = brute.inside(0.9)
    for c, name in enumerate(("Mg", "Fe")):
        rows = {key: select(tables[key], channel=name, nominal=0.9) for key in tables if key.startswith("by_")}
        for _, row in rows["by_token"].iterrows():
            chosen = labels[brute.mask] == row["token"]
            assert row["n_pixels"] == chosen.sum()
            assert row["coverage"] == pytest.approx(covered[1, c][chosen].mean())
        y, x = np.nonzero(brute.mask)
        distance = np.minimum.reduce([y, x, 47 - y, 63 - x])
        classes = {"0": (0, 0), "1": (1, 1), "2-3": (2, 3), "4-7": (4, 7), "8-15": (8, 15), "16-31": (16, 31)}
        assert list(rows["by_border"]["distance"]) == list(classes)
        for _, row in rows["by_border"].iterrows():
            a, b = classes[row["distance"]]
            chosen = (distance >= a) & (distance <= b)
            assert row["n_pixels"] == 5 * chosen.sum()
            assert row["coverage"] == pytest.approx(covered[:, c][:, chosen].mean())
        deciles = rows["by_intensity"]
        assert deciles["n_pixels"].sum() == covered[:, c].size
        assert (deciles["coverage"] * deciles["n_pixels"]).sum() == pytest.approx(covered[:, c].sum())
        for _, row in deciles.iterrows():
            last = row["decile"] == 10
            m = brute.median[:, c]
            chosen = (m >= row["median_from"] - 1e-6) & ((m < row["median_to"]) | last)
            assert abs(row["n_pixels"] - chosen.sum()) <= 2
    assert len(select(tables["by_intensity"], channel="Mg", nominal=0.9)) == 10
