"""Measures of held-out images: sums over blocks, errors with the noise of the reference removed, tied values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Doubles = NDArray[np.float64]


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
