"""The variance of the error of a denoised value about the signal, from residuals that hold the reference's noise too.

The reference is t = s + e, with the signal s and noise e of known variance v; the denoised value is m. As e is
independent of m, E (t - m)^2 = E (s - m)^2 + v. So (t - m)^2 - v is an unbiased, though noisy, value of the squared
error about the signal at each pixel. It is regressed on what the error depends on (see ``error_features``), by weighted
non-negative least squares: a variance is a sum of parts, none of them negative.

How far the fitted variance may be off is learned from blocks. Its factor f, by which the true variance exceeds the
fitted one, has the estimate f^ with a standard error over blocks of several sides; the largest counts, because
neighbouring blocks resemble each other. What is known of f is then a normal distribution cut off where f cannot be: a
variance is at least that part of it which is seen without the reference, as the variance of the denoised value from
frame to frame. Intervals are averaged over this distribution, as a Bayesian predictive interval is. So they hold on
average over data sets, and widen where little calibrates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import t as student

from .error_features import N_FEATURES, ErrorVariance, error_features
from .signal_pixels import SignalPixels

Doubles = NDArray[np.float64]
# Quantiles of the predicted medians at which the line over the intensity has its ends.
_KNOTS = (0.02, 0.98)
# The variance is at least this part of its mean: where the fit says nearly 0, it only knows little.
LEAST_PART = 0.012
_NOISE_PART = 0.05
_REWEIGHTINGS = 4
# Number of equally probable values that stand for the distribution of the factor.
_FACTORS = 41
_POINTS = 2001
_LEAST_FACTOR = 0.02
# The variance between frames is known to about so much.
_SEEN_PART = 0.9
# Fewest blocks whose differences tell how far the variance may be off.
FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class FittedVariance:
    """The fitted variance, and how far it may be off.

    Attributes
    ----------
    variance
        The variance.
    factors
        Equally probable values of the factor by which the true variance exceeds it.
    factor, error
        Estimate of this factor from the same pixels, and its standard error over blocks.
    noise
        Modelled variance of the reference's noise at each pixel.
    """

    variance: ErrorVariance
    factors: Doubles
    factor: float
    error: float
    noise: Doubles


def fit_variance(pixels: SignalPixels) -> FittedVariance:
    """Fit the variance of the error of one channel.

    Parameters
    ----------
    pixels
        Calibration pixels of the channel.

    Returns
    -------
    FittedVariance
        The variance, and how far it may be off.
    """
    low, high = (float(value) for value in np.quantile(pixels.median, _KNOTS))
    features = error_features(pixels.median, pixels.slope, (low, high))
    # A channel without a single event, or of one value, leaves neither noise nor residuals.
    tiny = 1e-12 * float(np.square(pixels.residual).mean()) + 1e-30
    noise = _line(features[:2], pixels.noise) + tiny
    noise = np.maximum(noise, _NOISE_PART * noise.mean())
    squared = np.square(pixels.residual) - pixels.noise
    weights = _weights(features, squared, noise)
    fitted = weights @ features
    mean = float(fitted.mean())
    if mean <= 0:  # the residuals are no larger than the noise: only an upper limit is known, the same everywhere
        weights = np.array([1.0, 1.0, 0.0]) * float(noise.mean())
        fitted = weights @ features
        mean = float(fitted.mean())
    variance = ErrorVariance((low, high), tuple(float(weight) for weight in weights), LEAST_PART * mean)
    fitted = np.maximum(fitted, variance.least)
    weight = 1 / np.square(noise + fitted)
    factor, error, count = _factor(weight * fitted * squared, weight * np.square(fitted), pixels.blocks)
    seen = _SEEN_PART * pixels.frame_variance / float(fitted.mean())
    return FittedVariance(variance, factors_between(factor, error, seen, count), factor, error, noise)


def factors_between(factor: float, error: float, least: float, blocks: int) -> Doubles:
    """Give equally probable values of a factor that is known by an estimate from a number of blocks.

    Parameters
    ----------
    factor, error
        Estimate and standard error.
    least
        Smallest possible value, 0 or more.
    blocks
        Number of blocks behind the standard error.

    Returns
    -------
    ndarray
        float64, ascending: quantiles of Student's t about the estimate, cut off at ``least``. Where ``least`` is
        positive, they are weighed by one over the factor, which is what is assumed of a scale before anything is known
        of it (Jeffreys' prior).
    """
    if error <= 0:
        return np.array([max(factor, least)])
    share = (np.arange(_POINTS) + 0.5) / _POINTS
    law = student(max(blocks - 1, 1))
    # From the upper tail, which stays exact where the estimate lies far below what is possible.
    tail = float(law.sf((least - factor) / error)) * share[::-1]
    values = np.maximum(factor + error * law.isf(np.maximum(tail, 1e-300)), max(least, _LEAST_FACTOR * error))
    # The weight asks for a least value that something shows; without one it would draw the factor to 0.
    weight = np.cumsum(1 / values if least > 0 else np.ones(_POINTS))
    places = np.searchsorted(weight, (np.arange(_FACTORS) + 0.5) / _FACTORS * weight[-1])
    chosen: Doubles = values[places]
    return chosen


def _line(parts: Doubles, values: Doubles) -> Doubles:
    """Least-squares line over the intensity, of 0 or more at its ends."""
    gram, right = parts @ parts.T, parts @ values
    return np.asarray(_solve(gram, right) @ parts)


def _weights(features: Doubles, squared: Doubles, noise: Doubles) -> Doubles:
    """Weights of the features, each pixel weighed by the inverse variance that its squared residual would have."""
    scale = features.mean(axis=1)
    scale[scale == 0] = 1.0
    scaled = features / scale[:, None]
    weights = np.full(N_FEATURES, max(float(squared.mean()), 0.0) / N_FEATURES)
    for _ in range(_REWEIGHTINGS):
        weight = 1 / np.square(noise + weights @ scaled)
        weights = _solve((scaled * weight) @ scaled.T, scaled @ (weight * squared))
    return weights / scale


def _solve(gram: Doubles, right: Doubles) -> Doubles:
    """Solve normal equations for values of 0 or more."""
    size = len(gram)
    ridge = 1e-10 * np.trace(gram) / size * np.eye(size)
    root = np.linalg.cholesky(gram + ridge + np.finfo(np.float64).tiny * np.eye(size))
    return np.asarray(nnls(root.T, np.linalg.solve(root, right))[0])


def _factor(above: Doubles, below: Doubles, blocks: Sequence[NDArray[np.intp]]) -> tuple[float, float, int]:
    """Ratio of two sums over pixels, its largest standard error over blocks of several sides, and their number."""
    total = float(below.sum())
    ratio, largest = float(above.sum()) / total, (0.0, 1)
    for labels in blocks:
        tops, bottoms = np.bincount(labels, above), np.bincount(labels, below)
        count = int((bottoms > 0).sum())
        if count >= FEWEST_BLOCKS:
            left = tops - ratio * bottoms
            error = float(np.sqrt(np.square(left).sum() * count / (count - 1)) / total)
            largest = max(largest, (error, count))
    return ratio, *largest
