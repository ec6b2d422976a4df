"""How the error about the signal is distributed once it is divided by its standard deviation.

The distribution is a mixture of narrow normal distributions on a fixed grid. Its weights are the most probable ones
given the residuals, in which the error is hidden under the reference's noise: for counts, a Poisson number about the
signal; otherwise a normal number of known variance. Where noise hides the error, the weights stay near those that make
the mixture a standard normal distribution, from which they start and towards which a prior pulls them.

The iteration is expectation-maximisation for mixtures (A. P. Dempster, N. M. Laird, D. B. Rubin, JRSS B 39 (1977) 1); a
mixture on a grid as the hidden distribution is the empirical Bayes estimate of B. Efron, Biometrika 103 (2016) 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy.optimize import brentq, nnls
from scipy.special import gammaln, ndtr, xlogy

from .error_variance import FittedVariance
from .signal_pixels import SignalPixels

Doubles = NDArray[np.float64]
# Grid of the normal distributions, and their standard deviation, in standard deviations of the error.
_STEP, _LAST = 0.3, 4.5
CENTRES = np.arange(-round(_LAST / _STEP), round(_LAST / _STEP) + 1) * _STEP
# Weight of the prior, in parts of the number of pixels, for counts and for other values. A Poisson likelihood is exact;
# the variance of other noise is itself estimated, and the mixture would take its errors for structure.
_PRIOR_OF_COUNTS, _PRIOR = 0.1, 0.3
_ITERATIONS = 100
_MOST_PIXELS = 20_000
# Points at which a Poisson likelihood is averaged over a narrow normal distribution.
_POINTS, _POINT_WEIGHTS = hermegauss(5)


@dataclass(frozen=True)
class ErrorShape:
    """Distribution of the error divided by its standard deviation: a mixture with unit mean square.

    Attributes
    ----------
    weights
        Weight of the normal distribution about each of ``CENTRES``; they sum to 1.
    """

    weights: Doubles

    @property
    def root_mean_square(self) -> float:
        """Root mean square of the mixture before it is scaled."""
        return float(np.sqrt(self.weights @ (np.square(CENTRES) + _STEP**2)))

    def below(self, value: float, factors: Doubles) -> float:
        """Compute the chance that an error is at most ``value`` standard deviations.

        Parameters
        ----------
        value
            In units of the fitted standard deviation, of either sign.
        factors
            Equally probable factors of the variance (see ``error_variance``).

        Returns
        -------
        float
            From 0 to 1.
        """
        scale = np.sqrt(np.maximum(factors, np.finfo(np.float64).tiny)) / self.root_mean_square
        return float((ndtr((value / scale[:, None] - CENTRES) / _STEP) @ self.weights).mean())

    def quantile(self, level: float, factors: Doubles) -> float:
        """Compute a quantile of the error, in units of the fitted standard deviation.

        Parameters
        ----------
        level
            Between 0 and 1.
        factors
            As for :meth:`below`.

        Returns
        -------
        float
            The value that errors stay below with that chance.
        """
        most = 20.0 * float(np.sqrt(factors.max())) + 1e-12
        while self.below(-most, factors) > level or self.below(most, factors) < level:
            most *= 2
        return float(brentq(lambda value: self.below(value, factors) - level, -most, most, xtol=1e-9 * most))


def fit_shape(pixels: SignalPixels, fitted: FittedVariance, rng: np.random.Generator) -> ErrorShape:
    """Fit the distribution of the error of one channel.

    Parameters
    ----------
    pixels
        Calibration pixels of the channel.
    fitted
        The variance of its error.
    rng
        Draws the pixels, where there are more than are needed.

    Returns
    -------
    ErrorShape
        The distribution.
    """
    chosen = np.arange(pixels.residual.size)
    if chosen.size > _MOST_PIXELS:
        chosen = np.sort(rng.choice(chosen.size, _MOST_PIXELS, replace=False))
    median, residual = pixels.median[chosen].astype(np.float64), pixels.residual[chosen]
    variance = fitted.variance.of(pixels.median[chosen], pixels.slope[chosen]) * float(fitted.factors.mean())
    spread = np.sqrt(variance)
    if pixels.count_unit is None:
        likelihood = _normal(residual, spread, fitted.noise[chosen])
        prior = _PRIOR
    else:
        likelihood = _poisson(
            (median + residual) / pixels.count_unit, median / pixels.count_unit, spread / pixels.count_unit
        )
        prior = _PRIOR_OF_COUNTS
    weights = standard_normal().copy()
    for _ in range(_ITERATIONS):
        shares = likelihood * weights
        shares /= shares.sum(axis=1, keepdims=True)
        weights = shares.sum(axis=0) / chosen.size + prior * standard_normal()
        weights /= weights.sum()
    return ErrorShape(weights)


def _normal(residual: Doubles, spread: Doubles, noise: Doubles) -> Doubles:
    """Likelihood of each residual under each part of the mixture, (n, parts), up to a factor per pixel."""
    width = np.sqrt(np.square(spread * _STEP) + noise)[:, None]
    away = np.square((residual[:, None] - spread[:, None] * CENTRES) / width)
    return _of_logarithms(-away / 2)


def _poisson(events: Doubles, median: Doubles, spread: Doubles) -> Doubles:
    """Likelihood of each number of events, likewise; the signal cannot be negative."""
    events = np.round(events)[:, None]
    least = 1e-3 * max(float(median.mean()), 1e-12)
    total = np.zeros((len(events), len(CENTRES)))
    offset = gammaln(events + 1) - xlogy(events, np.maximum(events, 1.0)) + events
    for point, weight in zip(_POINTS, _POINT_WEIGHTS, strict=True):
        rate = np.maximum(median[:, None] + spread[:, None] * (CENTRES + _STEP * point), least)
        # Divided by its largest possible value, which cancels later, so that nothing underflows where rates are high.
        total += weight * np.exp(xlogy(events, rate) - rate - gammaln(events + 1) + offset)
    return np.maximum(total, 1e-300)


def _of_logarithms(logarithms: Doubles) -> Doubles:
    return np.maximum(np.exp(logarithms - logarithms.max(axis=1, keepdims=True)), 1e-300)


@cache
def standard_normal() -> Doubles:
    """Compute the weights that make the mixture a standard normal distribution.

    Returns
    -------
    ndarray
        float64, one positive weight per centre; they sum to 1.
    """
    points = np.linspace(-_LAST, _LAST, 801)
    parts = np.exp(-np.square((points[:, None] - CENTRES) / _STEP) / 2) / _STEP
    weights = np.maximum(nnls(parts, np.exp(-np.square(points) / 2))[0], 1e-5)
    weights = (weights + weights[::-1]) / 2
    result: Doubles = weights / weights.sum()
    return result
