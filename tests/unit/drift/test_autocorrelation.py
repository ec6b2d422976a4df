"""Autocorrelation of noise that is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from noisebound.drift.autocorrelation import autocorrelation, lags
from noisebound.drift.residuals import mean_and_error


def test_white_noise_has_no_autocorrelation_and_smooth_noise_has() -> None:
    rng = np.random.default_rng(2)
    shifts = lags(2)
    white = [autocorrelation(rng.normal(size=(1, 16, 16)), shifts) for _ in range(2000)]
    mean, error = mean_and_error(np.array(white))
    assert np.abs(mean / error).max() < 4
    smooth = [
        autocorrelation(ndimage.gaussian_filter(rng.normal(size=(1, 64, 64)), (0, 1, 1)), shifts) for _ in range(20)
    ]
    assert np.mean(smooth, axis=0)[0, 0] == pytest.approx(np.exp(-1 / 4), abs=0.05)
    assert lags(3) == ((1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (0, 2, 0), (0, 0, 2), (0, 1, 1))


@pytest.mark.parametrize("shape", [(6, 7), (3, 5, 4)])
def test_autocorrelation_is_the_mean_over_pairs(shape: tuple[int, ...]) -> None:
    residual = np.random.default_rng(3).gamma(2, size=(2, *shape))
    shifts = lags(len(shape))
    found = autocorrelation(residual, shifts)
    for channel, values in enumerate(residual):
        centred = values - values.mean()
        for number, shift in enumerate(shifts):
            products = [
                centred[place] * centred[tuple(np.add(place, shift))]
                for place in np.ndindex(shape)
                if all(np.add(place, shift) < shape)
            ]
            expected = np.mean(products) / np.mean(centred**2) + 1 / values.size
            assert found[channel, number] == pytest.approx(expected)


def test_autocorrelation_is_unknown_where_nothing_varies_or_fits() -> None:
    rng = np.random.default_rng(4)
    assert np.isnan(autocorrelation(np.ones((1, 8, 8)), lags(2))).all()
    known = np.isfinite(autocorrelation(rng.normal(size=(1, 2, 9)), lags(2))[0])
    assert known.tolist() == [shift[0] < 2 for shift in lags(2)]
