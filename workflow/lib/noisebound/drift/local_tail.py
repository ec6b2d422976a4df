"""How far the largest deviations of scans like the calibrated ones go, beyond what the calibrate regions hold."""

from __future__ import annotations

import math

import numpy as np

from .block_statistics import Doubles

# Numbers that describe a tail.
TAIL = 5
# Edge length in pixels of the blocks of which the largest deviation counts.
_SIDE = 16
# Share of the blocks whose largest deviations are the tail.
_SHARE = 0.25
# What is known before anything is measured, as if so many blocks had shown it: squared deviations of noise have an
# exponential tail of mean 2.
_PRIOR, _NOISE = 8.0, 2.0
# Whatever the tail says, other scans may exceed the largest deviation of the calibrate regions by this share of it,
# which falls with the root of how much larger these are.
_BEYOND = 0.2


def block_maxima(values: Doubles) -> Doubles:
    """Find the largest value of each block of 16 px along each axis.

    Parameters
    ----------
    values
        (*spatial) float64.

    Returns
    -------
    NDArray
        (n,) float64. Blocks at the far edges may be smaller.
    """
    for axis, extent in enumerate(values.shape):
        values = np.maximum.reduceat(values, np.arange(0, extent, _SIDE), axis=axis)
    return values.ravel()


def fit_tail(maxima: Doubles, pixels: int) -> Doubles:
    """Describe the tail of the largest deviations of blocks.

    Parameters
    ----------
    maxima
        (n,) float64, the largest deviation of each block.
    pixels
        Number of pixels of all blocks.

    Returns
    -------
    NDArray
        (5,) float64: the square above which deviations count as tail, the sum of what their squares exceed it by, the
        number of such blocks (both with what is known before), that number per pixel, and the largest deviation.
    """
    squares = np.sort(np.square(maxima))[::-1]
    number = max(1, math.ceil(_SHARE * squares.size))
    base = squares[number] if number < squares.size else squares[-1]
    excess = float((squares[:number] - base).sum())
    return np.array([base, excess + _PRIOR * _NOISE, number + _PRIOR, number / pixels, maxima.max()])


def tail_level(tail: Doubles, pixels: int, chance: float) -> float:
    """Find how far the largest deviation of a scan like the calibrated ones goes.

    Parameters
    ----------
    tail
        (5,) float64 from :func:`fit_tail`.
    pixels
        Number of pixels of the scan.
    chance
        That it goes farther.

    Returns
    -------
    float
        The deviation, which is larger than the largest of the calibrate regions; 0 where no tail is known.

    Notes
    -----
    For an exponential tail whose mean is not known but estimated from k values of the sum s, a further value exceeds x
    with the chance (1 + x / s)^-k (the predictive distribution under the prior that ``fit_tail`` adds [1]_). Peaks
    over a threshold extrapolate in this way, in squares: normal tails are exponential in the square.

    References
    ----------
    .. [1] A. Gelman et al., "Bayesian Data Analysis", CRC Press (2013), ch. 2.6.
    """
    base, total, number, rate, most = (float(value) for value in tail)
    expected = rate * pixels
    if expected <= 0:
        return 0.0
    beyond = math.sqrt(base + total * max((expected / chance) ** (1 / number) - 1, 0.0))
    larger = (number - _PRIOR) / expected
    return max(beyond, most * (1 + _BEYOND * min(1.0, larger**-0.5)))
