"""The learning rate: one rise, one fall."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.training.schedule import one_cycle


@pytest.mark.parametrize("steps", [1, 2, 7, 100, 3001])
def test_one_cycle_rises_once_to_the_peak_and_falls_towards_zero(steps: int) -> None:
    rates = np.array([one_cycle(step, steps, 0.01) for step in range(steps)])
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) > 0).all() and (np.diff(rates[top:]) < 0).all()
    assert (rates > 0).all() and rates.max() <= 0.01 * (1 + 1e-12)
    if steps >= 100:
        assert top / steps == pytest.approx(0.2, abs=0.01) and rates.max() == pytest.approx(0.01)
        assert rates[0] < 0.05 * 0.01 and rates[-1] < 0.01 * 0.01
        # Smooth: no step is larger than the steepest slope of a cosine over a fifth of the steps.
        assert np.abs(np.diff(rates)).max() <= 0.01 * np.pi / 2 / (0.2 * steps) * 1.05
