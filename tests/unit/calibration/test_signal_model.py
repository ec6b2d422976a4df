"""Intervals and bounds of a model, by plain arithmetic."""

from __future__ import annotations

import json

import numpy as np

from noisebound.calibration.error_features import ErrorVariance
from noisebound.calibration.signal_model import SignalModel

MODEL = SignalModel(
    ErrorVariance((0.0, 4.0), (1.0, 5.0, 2.0), 0.5), {"0.9": (-1.5, 2.0), "0.5": (0.2, 0.9)}, {"0.95": (-1.5, 1.7)}, 1.2
)
MEDIAN, SLOPE = np.array([0.0, 2.0, 4.0], np.float32), np.array([0.0, 0.5, 0.0], np.float32)
VARIANCE = np.array([1.0, 4.0, 5.0])


def test_ends_are_the_median_and_quantiles_of_the_error() -> None:
    low, high = MODEL.interval(MEDIAN, SLOPE, 0.9)
    assert low.dtype == high.dtype == np.float32
    np.testing.assert_allclose(low, MEDIAN - 1.5 * np.sqrt(VARIANCE), rtol=1e-6)
    np.testing.assert_allclose(high, MEDIAN + 2.0 * np.sqrt(VARIANCE), rtol=1e-6)
    np.testing.assert_allclose(MODEL.bound("upper", MEDIAN, SLOPE, 0.95), MEDIAN + 1.7 * np.sqrt(VARIANCE), rtol=1e-6)
    np.testing.assert_allclose(MODEL.bound("lower", MEDIAN, SLOPE, 0.95), low, rtol=1e-6)
    np.testing.assert_allclose(MODEL.spread(MEDIAN, SLOPE), np.sqrt(1.2 * VARIANCE))


def test_the_interval_holds_the_median() -> None:
    low, high = MODEL.interval(MEDIAN, SLOPE, 0.5)
    assert (low <= MEDIAN).all() and (high > MEDIAN).all()


def test_a_model_survives_the_file() -> None:
    assert SignalModel.of(json.loads(json.dumps(MODEL.stored()))) == MODEL
