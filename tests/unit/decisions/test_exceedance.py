"""Maps of bounds against a threshold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisebound.calibration.image_slope import squared_slope
from noisebound.calibration.intervals import Calibration
from noisebound.core.errors import InputError
from noisebound.decisions.exceedance import ABOVE, check_exceed, decide, decided_of, exceedance
from noisebound.files.predictions import Predictions
from noisebound.files.predictions_about import QUANTILES
from tests.unit.calibration.simulated import calibrate_pixels, fit_counts, poisson_scan


def test_bounds_against_threshold() -> None:
    lower = np.array([1, 3, 1, 3, 2], np.float32)
    upper = np.array([2, 5, 5, 2, 2], np.float32)
    np.testing.assert_array_equal(exceedance(lower, upper, 2.0), [0, 2, 1, 1, 0])


@given(st.floats(-5, 5, width=32), st.floats(-5, 5, width=32), st.floats(-5, 5, width=32))
def test_a_pixel_is_decided_where_one_bound_alone_speaks(lower: float, upper: float, above: float) -> None:
    (found,) = exceedance(np.array([lower], np.float32), np.array([upper], np.float32), above)
    if lower <= upper:
        assert found == (2 if lower > above else 0 if upper <= above else 1)
    else:
        assert found == (1 if upper <= above < lower else 2 if lower > above else 0)


def test_decisions_are_right_as_often_as_their_confidence_says(tmp_path: Path) -> None:
    """On the calibrate pixels, at most a quarter lies below its lower bound, and so above a threshold by mistake."""
    files = poisson_scan(tmp_path)
    fitted = fit_counts(files, tmp_path / "c.json")
    pixels = calibrate_pixels(files)
    wrong = declared = 0
    for lower, median, upper, target in pixels:
        entry = {"channel": "Fe", "above": 4.0, "confidence": 0.75}
        found = decide(fitted, entry, (lower[1], median[1], upper[1]), None)
        bound = fitted.bound("lower", lower, median, upper, 0.75)[1]
        np.testing.assert_array_equal(found.excess, bound.astype(np.float64) - 4.0)
        above = found.decided == 2
        assert (bound[above] > 4).all()
        wrong += (above & (target[1] <= 4)).sum()
        declared += above.sum()
    assert declared > 0
    assert wrong <= 0.25 * sum(target[1].size for *_, target in pixels)


def test_entries_are_checked_by_number() -> None:
    entry = {"name": "a", "channel": "Mg", "above": 1.0, "confidence": 0.9}
    check_exceed([entry, entry], ["Fe", "Mg"])
    for key in entry:
        with pytest.raises(InputError, match=rf"decisions.exceed\[1\].*'{key}' is missing"):
            check_exceed([entry, {name: value for name, value in entry.items() if name != key}], ["Mg"])
    with pytest.raises(InputError, match=r"decisions.exceed\[0\].channel.*'Mg'.*use one of Fe, Si"):
        check_exceed([entry], ["Fe", "Si"])


def test_the_signal_is_decided_about_where_it_is_asked_for_and_known(tmp_path: Path) -> None:
    files = poisson_scan(tmp_path)
    fitted = fit_counts(files, tmp_path / "c.json")
    with Predictions(files.ensemble) as ensemble:
        lower, median, upper = (ensemble.read(kind)[1] for kind in QUANTILES)
    entry = {"name": "rich", "channel": "Fe", "above": 5.0, "confidence": 0.95}
    slope = squared_slope(median)
    found = decide(fitted, entry | {"of": "signal"}, (lower, median, upper), None)
    assert found.of == "signal" == decided_of(fitted, entry | {"of": "signal"})
    low, high = (fitted.signal_bound(side, median, slope, 0.95, "Fe") for side in ("lower", "upper"))
    np.testing.assert_array_equal(found.decided, exceedance(low, high, 5.0))
    repeat = decide(fitted, entry | {"of": "repeat"}, (lower, median, upper), None)
    assert repeat.of == "repeat" == decide(fitted, entry, (lower, median, upper), None).of
    assert (found.decided == ABOVE).sum() > 2 * (repeat.decided == ABOVE).sum(), "a repeat has the reference's noise"
    blind = Calibration({**fitted.content, "signal": None}, fitted.path)
    assert decided_of(blind, entry | {"of": "signal"}) == "repeat"
    np.testing.assert_array_equal(
        decide(blind, entry | {"of": "signal"}, (lower, median, upper), None).decided, repeat.decided
    )
