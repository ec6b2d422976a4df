"""Autocorrelation of residuals: 0 where noisy minus denoised is white noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .block_statistics import Doubles


def lags(ndim: int) -> tuple[tuple[int, ...], ...]:
    """List the shifts at which residuals are correlated.

    Parameters
    ----------
    ndim
        Number of spatial axes, 2 or 3.

    Returns
    -------
    tuple of tuple of int
        2 ndim + 1 shifts in pixels, one number per axis: 1 px along each axis, 2 px along each axis, and 1 px along
        both Y and X.
    """
    single = [tuple(step if axis == own else 0 for axis in range(ndim)) for step in (1, 2) for own in range(ndim)]
    return (*single, (*(0 for _ in range(ndim - 2)), 1, 1))


def autocorrelation(residual: Doubles, shifts: Sequence[tuple[int, ...]]) -> Doubles:
    """Compute the autocorrelation of the residuals of one block.

    Parameters
    ----------
    residual
        (C, *spatial) float64, noisy minus denoised.
    shifts
        L shifts in pixels, one number >= 0 per spatial axis (see :func:`lags`).

    Returns
    -------
    NDArray
        (C, L) float64; NaN where a channel is constant or the block is too small for a shift.

    Notes
    -----
    r(h) = mean over pairs of (e - m)(e' - m) / mean of (e - m)^2 + 1 / n, where e and e' are residuals h apart, m is
    the block's mean and n its number of pixels. Subtracting the block's own mean lowers r by 1 / n; adding it again
    makes r 0 on average for white noise.
    """
    channels = len(residual)
    centred = residual - residual.mean(axis=tuple(range(1, residual.ndim)), keepdims=True)
    variance = np.square(centred).reshape(channels, -1).mean(axis=1)
    size = math.prod(residual.shape[1:])
    found = np.full((channels, len(shifts)), np.nan)
    known = variance > 0
    for number, shift in enumerate(shifts):
        if any(step >= extent for step, extent in zip(shift, residual.shape[1:], strict=True)):
            continue
        ends = [slice(0, extent - step) for step, extent in zip(shift, residual.shape[1:], strict=True)]
        here = centred[(slice(None), *ends)]
        there = centred[(slice(None), *(slice(step, None) for step in shift))]
        products = (here * there).reshape(channels, -1).mean(axis=1)
        found[known, number] = products[known] / variance[known] + 1 / size
    return found
