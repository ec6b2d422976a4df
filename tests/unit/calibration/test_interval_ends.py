"""Ends of intervals: roundings and ties never lose coverage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from noisebound.calibration.conformal import side_scores
from noisebound.calibration.intervals import Calibration
from noisebound.calibration.tie_draws import tie_draws_at
from noisebound.geometry.boxes import Box
from tests.unit.calibration.simulated import (
    SHAPE,
    TEST,
    coverage,
    fit_misjudged,
)
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
