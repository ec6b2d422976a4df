"""Measures of held-out images: sums over blocks, bootstrap intervals, errors with the noise of the reference removed.

Pixels of one image resemble their neighbours, so the uncertainty of a share comes from resampling blocks of pixels,
never from a binomial formula. The same block in all frames is one unit, because frames show the same scene.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]
# Largest number of bootstrap weights (draws times blocks) in memory at once.
_WEIGHTS_AT_ONCE = 1 << 22


def block_sums(values: ArrayLike, groups: ArrayLike, blocks: NDArray[np.intp], n_blocks: int, n_groups: int) -> Doubles:
    """Sum ``values`` over each block and group.

    Parameters
    ----------
    values
        Numbers, broadcast to (R, *spatial).
    groups
        Number of each pixel's group, broadcast likewise; pixels with a negative number are left out.
    blocks
        Number of each pixel's block, (*spatial).
    n_blocks, n_groups
        Number of blocks and of groups.

    Returns
    -------
    ndarray
        float64 (n_blocks, n_groups).
    """
    value, group, block = np.broadcast_arrays(np.asarray(values, dtype=np.float64), groups, blocks)
    keep = group >= 0
    places = block[keep] * n_groups + group[keep]
    sums = np.bincount(places, weights=value[keep], minlength=n_blocks * n_groups)
    return sums.astype(np.float64).reshape(n_blocks, n_groups)


def bootstrap_interval(
    hits: Doubles, counts: Doubles, draws: int, rng: np.random.Generator, level: float = 0.95
) -> tuple[Doubles, Doubles]:
    """Compute a percentile interval of sum(hits) / sum(counts) by drawing blocks with replacement.

    Parameters
    ----------
    hits, counts
        Sums over the pixels of each block and group, (n_blocks, n_groups).
    draws
        Number of draws.
    rng
        Source of the draws.
    level
        Confidence of the interval.

    Returns
    -------
    tuple of ndarray
        Low and high, (n_groups,); NaN where fewer than two blocks hold pixels of a group.

    References
    ----------
    B. Efron, R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13.
    """
    n_blocks, n_groups = hits.shape
    ratios = np.full((draws, n_groups), np.nan)
    step = max(1, _WEIGHTS_AT_ONCE // max(n_blocks, 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        weights = rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=size).astype(np.float64)
        with np.errstate(invalid="ignore"):
            ratios[start : start + size] = (weights @ hits) / (weights @ counts)
    known = (counts > 0).sum(axis=0) >= 2
    tail = (1 - level) / 2
    low, high = np.full(n_groups, np.nan), np.full(n_groups, np.nan)
    if known.any():
        low[known], high[known] = np.nanquantile(ratios[:, known], [tail, 1 - tail], axis=0)
    return low, high


def ratio(numerator: float, denominator: float) -> float:
    """Divide two numbers.

    Parameters
    ----------
    numerator, denominator
        What to divide by what.

    Returns
    -------
    float
        The quotient; NaN where the denominator is 0.
    """
    return numerator / denominator if denominator else math.nan


def noise_removed_root(mse: float) -> float:
    """Take the root of a mean squared error from which the variance of the noise was subtracted.

    Parameters
    ----------
    mse
        The difference, in squared units; it can be negative by chance.

    Returns
    -------
    float
        Its root; 0 where it is negative, NaN where it is NaN.
    """
    return math.nan if math.isnan(mse) else math.sqrt(max(mse, 0.0))


def psnr(mse: float, extent: float) -> float:
    """Compute the peak signal-to-noise ratio, 10 log10(extent^2 / mse).

    Parameters
    ----------
    mse
        Mean squared error.
    extent
        Range of the target, largest minus smallest value.

    Returns
    -------
    float
        In dB; NaN unless both are positive.
    """
    return 10 * math.log10(extent**2 / mse) if mse > 0 and extent > 0 else math.nan


def atoms(target: NDArray[Any], counts: bool, share: float = 1e-3) -> NDArray[np.bool_]:
    """Mark the tied targets of one channel: zeros of counts, and saturated extremes.

    The smallest or the largest value counts as saturated where more than one pixel, and more than the share ``share``
    of all pixels, have it: a continuous measurement does not repeat its extreme, a clipped detector does.

    Parameters
    ----------
    target
        Targets of the channel, of any shape.
    counts
        Whether the target counts events.
    share
        Smallest share of pixels at a saturated extreme.

    Returns
    -------
    ndarray
        Booleans of the shape of ``target``.
    """
    marked = (target == 0) if counts else np.zeros(target.shape, dtype=bool)
    for extreme in (target.min(), target.max()):
        tied = target == extreme
        if tied.sum() > max(1, share * target.size):
            marked |= tied
    return marked
