"""Autocorrelation of residuals: 0 where noisy minus denoised is white noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .block_statistics import Doubles


def lags(ndim: int) -> tuple[tuple[int, ...], ...]:
    """Shifts at which residuals are correlated: 1 and 2 px along each axis and 1 px along the diagonal of Y and X."""
    single = [tuple(step if axis == own else 0 for axis in range(ndim)) for step in (1, 2) for own in range(ndim)]
    return (*single, (*(0 for _ in range(ndim - 2)), 1, 1))


def autocorrelation(residual: Doubles, shifts: Sequence[tuple[int, ...]]) -> Doubles:
    """Autocorrelation of one block of residuals, (C, *spatial) float64, at non-negative ``shifts``; (C, L).

    r(h) = mean over pairs of (e - m)(e' - m) / mean of (e - m)^2 with the block's mean m, plus 1 / n for n pixels: that
    makes the average 0 for white noise. NaN where a residual is constant or the block too small for a shift.
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
