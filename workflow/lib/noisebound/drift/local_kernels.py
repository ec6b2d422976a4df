"""Gaussian windows of several sizes, and how surprising the sum of counts under one is."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .block_statistics import Doubles

# Standard deviations of the windows in pixels. An object whose own is between two of them loses at most 6 % of its
# significance.
SCALES = (1.0, 1.5, 2.0, 3.0, 6.0)
# Where a window is cut off, in units of its standard deviation.
_TRUNCATE = 4.0


def window(scale: float) -> Doubles:
    """Sample a Gaussian along one axis.

    Parameters
    ----------
    scale
        Its standard deviation in pixels.

    Returns
    -------
    NDArray
        (2 r + 1,) float64, r = 4 standard deviations; the sum is 1.
    """
    radius = reach(scale)
    weights: Doubles = np.exp(-0.5 * np.square(np.arange(-radius, radius + 1) / scale))
    return weights / weights.sum()


def reach(scale: float) -> int:
    """Pixels from the middle of a window to its edge.

    Parameters
    ----------
    scale
        Its standard deviation in pixels.

    Returns
    -------
    int
        The radius.
    """
    return int(_TRUNCATE * scale + 0.5)


def smooth(image: Doubles, weights: Doubles, mode: str = "constant") -> Doubles:
    """Sum an image under a window around each pixel.

    Parameters
    ----------
    image
        (*spatial) float64.
    weights
        (2 r + 1,) float64, the window along each axis.
    mode
        What lies beyond the edge: "constant" for 0, or another mode of ``scipy.ndimage``.

    Returns
    -------
    NDArray
        (*spatial) float64.
    """
    for axis in range(image.ndim):
        image = ndimage.correlate1d(image, weights, axis=axis, mode=mode)
    return image


def sum_of_squares(scale: float, ndim: int) -> float:
    """Variance of white noise of variance 1 under a window.

    Parameters
    ----------
    scale
        Standard deviation of the window in pixels.
    ndim
        Number of axes.

    Returns
    -------
    float
        The sum of its squared weights, about (4 pi scale^2)^(-ndim / 2).
    """
    return float(np.square(window(scale)).sum() ** ndim)


def surprise(ratio: Doubles, rate: Doubles, scale: float, ndim: int) -> Doubles:
    """Compute how many standard deviations a weighted sum of Poisson counts lies from what is expected.

    Parameters
    ----------
    ratio
        Weighted sum of the counts over the weighted sum that is expected; any shape. Negative ones count as 0.
    rate
        Expected counts per pixel, of the same shape.
    scale, ndim
        The window.

    Returns
    -------
    NDArray
        float64, of the same shape: negative where less was counted. It is about standard normal far into the tails,
        however few the counts.

    Notes
    -----
    For weights w, the sum exceeds r times its mean with a chance of about exp(-rate g(r)), where g is the large
    deviation rate g(r) = max over t of (t r - sum(exp(t w) - 1)), for sum w = 1. The result is the signed root
    sqrt(2 rate g(r)), by which the tail of a normal variable has the same exponent [1]_.

    References
    ----------
    .. [1] R. Lugannani, S. Rice, "Saddle point approximation for the distribution of the sum of independent random
       variables", Advances in Applied Probability 12 (1980) 475.
    """
    ratios, roots = _signed_roots(scale, ndim)
    # Beyond the table, the root grows as its last slope does; that is far beyond any threshold.
    last = (roots[-1] - roots[-2]) / (ratios[-1] - ratios[-2])
    inside = np.interp(np.maximum(ratio, 0.0), ratios, roots) + last * np.maximum(ratio - ratios[-1], 0.0)
    found: Doubles = inside * np.sqrt(2 * rate)
    return found


@functools.lru_cache
def _signed_roots(scale: float, ndim: int) -> tuple[Doubles, Doubles]:
    """Ratios r that ascend from 0, and sign(r - 1) sqrt(g(r)) of :func:`surprise`."""
    weights: NDArray[np.float64] = functools.reduce(np.multiply.outer, [window(scale)] * ndim).ravel()
    values, counts = np.unique(weights, return_counts=True)
    # In units of the largest weight, the exponents cover sums that a count in the farthest corner alone makes up, and
    # many times the mean.
    exponents = np.concatenate([-np.geomspace(1e9, 1e-3, 800), [0.0], np.geomspace(1e-3, 12, 300)]) / values[-1]
    powers = exponents[:, None] * values
    ratios = (counts * values * np.exp(powers)).sum(axis=1)
    rates = exponents * ratios - (counts * np.expm1(powers)).sum(axis=1)
    roots = np.sign(exponents) * np.sqrt(np.maximum(rates, 0.0))
    # A sum of 0 needs every count under the window to be 0.
    return np.concatenate([[0.0], ratios]), np.concatenate([[-math.sqrt(counts.sum())], roots])
