"""Ways to form corrections, in rows for the index."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from noisebound.report.mode_rows import mode_rows

NUMBERS = ("coverage", "relative_width", "relative_winkler", "worst_slab", "decile_gap")


def test_modes_are_taken_together_over_the_channels_with_structure(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    kinds = ("decile", "token", "border", "block", "scan")
    rows = [
        {"number": k, "mode": mode, "unit": "pixel", "chosen": mode == "b", "channel": channel, "scans": 2}
        | {key: random.uniform(0.5, 1) for key in NUMBERS}
        | {"nominal": nominal, "joint_coverage": nominal - 0.2}
        | {f"{kind}_{end}": random.uniform(0.5, 1) for kind in kinds for end in ("low", "high")}
        for k, mode in enumerate(("b", "a"))
        for nominal in (0.5, 0.9)
        for channel in ("Mg", "Fe", "O")
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "modes.csv", index=False)
    found = mode_rows(tmp_path / "modes.csv", ["Mg", "Fe"], 0.9)
    assert [(row["mode"], row["chosen"], row["scans"]) for row in found] == [("b", True, 2), ("a", False, 2)]
    for row in found:
        at = {n: [r for r in rows if r["mode"] == row["mode"] and r["nominal"] == n] for n in (0.5, 0.9)}
        own, other = ([r for r in at[n] if r["channel"] != "O"] for n in (0.9, 0.5))
        assert row["joint"] == pytest.approx(0.7)
        assert row["worst_slab"] == pytest.approx(min(r["worst_slab"] for r in own))
        assert row["relative_winkler"] == pytest.approx(math.sqrt(math.prod(r["relative_winkler"] for r in own)))
        ((nominal, ends),) = row["levels"]
        lowest, highest = min(r["decile_low"] for r in other), max(r["decile_high"] for r in other)
        assert (nominal, *ends) == pytest.approx((0.5, lowest, highest))
        assert row["relative_width"] == pytest.approx(math.sqrt(own[0]["relative_width"] * own[1]["relative_width"]))
        assert row["decile_gap"] == pytest.approx((own[0]["decile_gap"] + own[1]["decile_gap"]) / 2)
        assert row["coverage"] == pytest.approx(tuple(sorted(r["coverage"] for r in own)))
        for kind in kinds:
            low, high = min(r[f"{kind}_low"] for r in own), max(r[f"{kind}_high"] for r in own)
            assert row[kind] == pytest.approx((low, high))
    assert mode_rows(tmp_path / "modes.csv", [], 0.9) != found, "without a choice, all channels count"
    pd.DataFrame(rows).assign(relative_width=0.0).to_csv(tmp_path / "modes.csv", index=False)
    assert {row["relative_width"] for row in mode_rows(tmp_path / "modes.csv", [], 0.9)} == {None}
