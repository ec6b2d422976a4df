"""Errors of means over blocks that may resemble their neighbours."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .block_statistics import Doubles

# Fewest batches of neighbouring blocks whose means tell how much blocks resemble each other.
_BATCHES = 4


def error_of_difference(calibrated: Sequence[Doubles], new: Doubles) -> tuple[Doubles, float]:
    """Estimate the standard error of the mean of new blocks less the mean of calibrated ones, where both are alike.

    Parameters
    ----------
    calibrated
        Per scan (n_i, F) float64, statistics of its blocks along its rows.
    new
        (m, F) float64, those of the new scan.

    Returns
    -------
    error : NDArray
        (F,) float64; infinite where the spread is not known.
    freedom : float
        Degrees of freedom of the spread; 0 where it is not known.

    Notes
    -----
    error^2 = s^2 f (1 / n + 1 / m), where s is the standard deviation of blocks within their scan and f >= 1 says how
    much more the means of batches of about sqrt(n) neighbouring blocks vary than independent blocks would let them
    (batch means [1]_). No part counts as less than one independent block.

    References
    ----------
    .. [1] S. Asmussen, P. W. Glynn, "Stochastic Simulation", Springer (2007), ch. IV.5.
    """
    parts = [*calibrated, new]
    freedom = sum(len(part) for part in parts) - len(parts)
    if freedom < 1:
        return np.full(new.shape[1], math.inf), 0.0
    variance = sum(np.square(part - part.mean(axis=0)).sum(axis=0) for part in parts) / freedom
    between, batches = np.zeros(new.shape[1]), 0
    for part in parts:
        number = math.isqrt(len(part))
        if number >= _BATCHES:
            ends = np.linspace(0, len(part), number + 1).astype(int)[1:-1]
            means = np.array([batch.mean(axis=0) for batch in np.split(part, ends)])
            between += np.square(means - means.mean(axis=0)).sum(axis=0) * len(part) / number
            batches += number - 1
    inflation = np.ones(new.shape[1])
    if batches:
        inflation = np.maximum(1.0, between / batches / np.where(variance > 0, variance, 1.0))
    total = sum(len(part) for part in calibrated)
    share: Doubles = 1 / np.maximum(total / inflation, 1.0) + 1 / np.maximum(len(new) / inflation, 1.0)
    return np.sqrt(variance * share), float(batches or freedom)
