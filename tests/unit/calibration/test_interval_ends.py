"""Ends of intervals: roundings and ties never lose coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from noisebound.calibration.conformal import side_scores
from noisebound.calibration.interval_ends import amount_of, channel_bound, channel_interval, interval_end
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.tie_draws import tie_draws_at
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import SHAPE, TEST, coverage, fit_misjudged
from tests.unit.predicted_scan import write_predicted_scan


@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6, width=32)] * 3), min_size=1, max_size=30),
    st.integers(0, 29),
    st.booleans(),
)
@example([(1.0, 58180.0, 0.0)], 0, True)
@settings(max_examples=300, deadline=None)
def test_targets_up_to_the_threshold_are_in_the_delivered_interval(
    values: list[tuple[float, float, float]], at: int, scaled: bool
) -> None:
    """Whatever the roundings: a score not above the correction means that the float32 interval holds the target."""
    ends = np.sort(np.array([v[:2] for v in values], np.float32), axis=1)
    lower, upper, target = ends[:, 0], ends[:, 1], np.array([v[2] for v in values], np.float32)
    both = np.maximum(*side_scores(lower, upper, target, scaled))
    q = float(np.sort(both)[at % len(both)])
    entry = {"lower": q, "upper": q, "n": 9, "k": 9}
    content = {"channels": ["a"], "nominal": [0.5], "primary": 0.5, "floor": None, "corrections": {"0.5": {"a": entry}}}
    fitted = Calibration(content | {"scale": "width" if scaled else "none"})
    median = (lower / 2 + upper / 2).astype(np.float32)
    low, high, _ = fitted.interval(lower[None], median[None], upper[None], 0.5)
    assert ((low[0] <= target) & (target <= high[0]))[both <= q].all()


@pytest.mark.parametrize("side", ["lower", "upper"])
@pytest.mark.parametrize("scale", ["none", "width"])
def test_ties_of_constant_predictions_are_broken_at_either_scale(tmp_path: Path, scale: str, side: str) -> None:
    """Poisson counts under constant predictions: all scores are tied, whatever the roundings of the scale."""
    rng = np.random.default_rng(8)
    ends = {"lower": (2.3, 4.1, 40.7), "upper": (-30.3, 3.1, 5.9)}[side]
    images = [np.full((1, 1, *SHAPE), end, np.float32) for end in ends]
    files = write_predicted_scan(
        tmp_path,
        noisy=np.zeros((1, 1, *SHAPE)),
        reference=rng.poisson(3.5, (1, *SHAPE)).astype(np.float32),
        reference_kind="measured",
        frames=(images[0], images[1], images[2]),
        boxes=[Box("calibrate", (0, 0), (60, 40)), Box("test", (0, 40), (60, 80))],
        channels=("Fe",),
    )
    fitted = fit_misjudged(files, tmp_path, nominal=[0.9], primary=0.9, scale=scale, ties="random", counts=False)
    inside = coverage(fitted, files, TEST, 0.9, tie_draws=tie_draws_at("s", 0, 1, TEST))
    assert inside.mean() == pytest.approx(0.9, abs=0.025)


ENTRY: dict[str, Any] = {"lower": 1.0, "upper": 2.0, "lower_share": 0.25, "upper_share": 0.75, "n": 9, "k": 9}


@given(
    st.lists(st.tuples(st.floats(-1e5, 1e5, width=32), st.floats(0, 1e5, width=32)), min_size=1, max_size=20),
    st.floats(-1e4, 1e4),
    st.booleans(),
    st.sampled_from(["lower", "upper"]),
)
@settings(max_examples=200, deadline=None)
def test_a_dropped_end_lies_further_in_and_only_by_a_hair(
    values: list[tuple[float, float]], amount: float, scaled: bool, side: str
) -> None:
    """Whichever way it is rounded, an end without its ties lies strictly inside the end with them."""
    ends = np.array([value for value, _ in values], np.float32)
    width = np.array([max(width, 1e-30) for _, width in values]) if scaled else None
    every = np.ones(ends.shape, dtype=bool)
    outer, inner = (interval_end(side, ends, width, amount, drop) for drop in (None, every))
    np.testing.assert_array_equal(interval_end(side, ends, width, amount, ~every), outer)
    inwards = inner > outer if side == "lower" else inner < outer
    assert inwards.all()
    scale = np.abs(ends) + abs(amount) * (width if width is not None else 1)
    assert (np.abs(inner.astype(float) - outer) <= 1e-6 * scale + 1e-37).all()


def test_groups_have_their_own_amounts() -> None:
    entry = ENTRY | {"groups": [ENTRY, ENTRY | {"lower": "inf"}, ENTRY | {"lower": -3}]}
    groups = np.array([[2, 0], [1, 1]])
    assert amount_of(entry, "lower", groups).tolist() == [[-3, 1], [np.inf, np.inf]]
    assert amount_of(entry, "lower", None) == 1
    low, high, crossed = channel_interval(entry, tuple(np.full((3, 2, 2), v, np.float32) for v in (4, 5, 6)), groups,
                                          False, None)  # fmt: skip
    assert low[0].tolist() == [[5, 3], [-np.inf, -np.inf]], "an end that would cross the median lies on it"
    assert (high == 8).all()
    assert crossed == 0.25


def test_ties_are_kept_by_the_share_of_each_side() -> None:
    """Targets lie right on either end: a quarter of those on the lower and three quarters on the upper are covered."""
    draws = (np.arange(1000) + 0.5) / 1000
    quantiles = tuple(np.full(1000, value, np.float32) for value in (4, 5, 6))
    low, high, _ = channel_interval(ENTRY, quantiles, None, False, draws)
    assert (low <= 3).mean() == 0.25
    assert (high >= 8).mean() == 0.75
    whole_low, whole_high, _ = channel_interval(ENTRY, quantiles, None, False, None)
    assert (whole_low == 3).all() and (whole_high == 8).all()


def test_a_bound_may_lie_beyond_the_median_where_an_interval_may_not() -> None:
    entry = {"lower": -3.0, "upper": -3.0}
    quantiles = tuple(np.full(4, value, np.float32) for value in (4, 5, 6))
    assert (channel_bound(entry, "lower", quantiles, None, False) == 7).all()
    assert (channel_bound(entry, "upper", quantiles, None, False) == 3).all()
    low, high, crossed = channel_interval(entry, quantiles, None, False, None)
    assert (low == 5).all() and (high == 5).all()
    assert crossed == 1
    assert (channel_bound({"lower": 0.5, "upper": 0.0}, "lower", quantiles, None, True) <= 3).all()
