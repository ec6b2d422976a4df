"""Modes beside the one that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.calibration.intervals import Calibration
from noisebound.evaluation.mode_table import all_modes
from tests.unit.evaluation.simulated import evaluated, select


def test_modes_are_compared_with_the_one_asked_for() -> None:
    summary, tables, brute, _, _ = evaluated()
    modes, blocks = tables["modes"], tables["by_block"]
    chosen = modes[modes["chosen"]]
    assert list(chosen["mode"]) == ["symmetric"] * 2
    assert list(chosen["relative_width"]) == [1, 1]
    others = set(modes[~modes["chosen"]]["mode"])
    assert others == {"asymmetric", "symmetric, scaled by width"}
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


def test_every_mode_comes_with_its_own_corrections_at_the_primary_coverage() -> None:
    *_, brute, _, _ = evaluated()
    fitted: Calibration = brute.fitted
    modes = list(all_modes(fitted))
    assert [chosen for _, _, chosen, _ in modes] == [True, False, False]
    for (name, unit, _, own), content in zip(modes, [fitted.content, *fitted.content["others"]], strict=True):
        assert own.nominal == (fitted.primary,)
        assert own.content["corrections"]["0.9"] == content["corrections"]["0.9"]
        assert (own.scaled, unit) == ("scaled" in name, "pixel")
        assert own.path == fitted.path
    older = {key: value for key, value in fitted.content.items() if key not in ("mode", "others")}
    assert [name for name, *_ in all_modes(Calibration(older))] == ["as asked for"]
