"""The variance of the error about the signal, on pixels whose error is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from noisebound.calibration.error_variance import factors_between, fit_variance
from noisebound.calibration.signal_pixels import SignalPixels
from tests.unit.calibration.phantoms import leave_one_out, phantom


def drawn(n: int, noise: float, seed: int = 0) -> tuple[SignalPixels, np.ndarray]:
    """Pixels whose error has the variance 0.1 + 0.2 median (from 0 to 4) + 0.5 slope, and this variance."""
    rng = np.random.default_rng(seed)
    median, slope = rng.uniform(0, 4, n).astype(np.float32), rng.exponential(0.5, n).astype(np.float32)
    variance = 0.1 + 0.2 * median + 0.5 * slope
    residual = rng.normal(size=n) * np.sqrt(variance) + rng.normal(size=n) * np.sqrt(noise)
    blocks = [np.arange(n) // side for side in (20, 50, 100)]
    return SignalPixels(median, slope, residual, np.full(n, noise), None, blocks, 0.0), variance


def test_the_variance_is_found_under_noise_ten_times_as_large() -> None:
    pixels, variance = drawn(200_000, 10 * 0.75)
    fitted = fit_variance(pixels)
    found = fitted.variance.of(pixels.median, pixels.slope)
    assert found.mean() == pytest.approx(variance.mean(), rel=0.1)
    assert np.corrcoef(found, variance)[0, 1] > 0.95
    assert fitted.factor == pytest.approx(1, abs=0.05)
    assert 0.005 < fitted.error < 0.15


def test_the_error_of_a_phantom_is_found_without_seeing_the_truth() -> None:
    truth, noisy, denoised = phantom(3)
    pixels = leave_one_out(noisy, denoised, slice(0, 96))
    fitted = fit_variance(pixels)
    error = float(np.square(denoised - truth).mean())
    assert fitted.variance.of(pixels.median, pixels.slope).mean() == pytest.approx(error, rel=0.25)


def test_where_residuals_are_below_the_noise_what_is_seen_between_frames_remains() -> None:
    pixels, _ = drawn(20_000, 1.0)
    quiet = replace(pixels, residual=pixels.residual * 0.5, noise=np.full(20_000, 1.0), frame_variance=0.05)
    fitted = fit_variance(quiet)
    mean = fitted.variance.of(quiet.median, quiet.slope).mean()
    assert (fitted.factors * mean >= 0.9 * 0.05 * (1 - 1e-9)).all()


def test_factors_are_quantiles_of_a_cut_t_weighed_by_one_over_the_factor() -> None:
    found = factors_between(1.0, 0.3, 0.5, 9)
    assert found.size == 41 and (np.diff(found) > 0).all() and found[0] >= 0.5
    grid = np.linspace(0.5, 8, 200_001)
    density = student(8).pdf((grid - 1) / 0.3) / grid
    exact = np.interp((np.arange(41) + 0.5) / 41, np.cumsum(density) / density.sum(), grid)
    np.testing.assert_allclose(found, exact, rtol=0.02)
    assert factors_between(1.0, 0.0, 0.0, 9).tolist() == [1.0]
    assert (factors_between(-0.5, 0.2, 0.0, 30) > 0).all()


def test_the_factor_scatters_as_its_error_says() -> None:
    fits = [fit_variance(drawn(4_000, 2.0, seed)[0]) for seed in range(40)]
    truth = drawn(400_000, 2.0, 99)
    totals = [fit.variance.of(truth[0].median, truth[0].slope).mean() / truth[1].mean() for fit in fits]
    said = np.mean([fit.error for fit in fits])
    assert np.std(totals) == pytest.approx(said, rel=0.5)


def test_factors_stay_finite_however_impossible_the_estimate() -> None:
    for factor, error, least in ((-0.6, 0.02, 0.0), (-5.0, 0.01, 0.5), (1.0, 0.3, 50.0)):
        found = factors_between(factor, error, least, 300)
        assert np.isfinite(found).all() and (np.diff(found) >= 0).all() and found[0] >= least
    # Without a least value, nothing draws the factor to 0.
    free = factors_between(1.0, 0.3, 0.0, 300)
    np.testing.assert_allclose(free.mean(), 1.0, atol=0.02)
