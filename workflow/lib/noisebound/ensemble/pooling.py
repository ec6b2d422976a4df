"""Quantiles of the mixture of the members' distributions, from the three quantiles that each member predicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Bisection steps, after which the bracket is as narrow as the resolution of float32.
STEPS = 25
# Pixels computed at a time: this takes little memory compared with the networks.
CHUNK = 1 << 16


def normal_quantile(level: float) -> float:
    """Quantile of the standard normal distribution.

    Parameters
    ----------
    level
        Level of the quantile, between 0 and 1.

    Returns
    -------
    float
        In standard deviations from the mean.
    """
    return float(torch.special.ndtri(torch.tensor(level, dtype=torch.float64)))


def pool_quantiles(
    lower: Floats, median: Floats, upper: Floats, levels: Sequence[float], device: torch.device | None = None
) -> tuple[Floats, Floats, Floats]:
    """Quantiles of the mixture of the members' distributions, all weighted alike.

    Each member's distribution is made of two half normal distributions that meet at its median. Each holds half of the
    probability, and its scale is chosen so that the member's outer quantile is reproduced. The distribution function of
    the mixture is the mean of the members'; its quantiles are found by bisection between the smallest and the largest
    of the members' quantiles. Unlike the mean of quantiles, they move apart where members disagree.

    Parameters
    ----------
    lower, median, upper
        float32 (M, ...), the members' quantiles at ``levels[0]``, 0.5 and ``levels[1]``.
    levels
        Levels of the lower and the upper quantile.
    device
        Where to compute; by default the processor.

    Returns
    -------
    tuple of array
        Lower, median and upper quantile of the mixture, float32 (...) each.
    """
    shape = median.shape[1:]
    flat = [np.ascontiguousarray(part).reshape(len(part), -1) for part in (lower, median, upper)]
    results = [np.empty(flat[0].shape[1], dtype=np.float32) for _ in range(3)]
    for start in range(0, flat[0].shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        chunk = [torch.from_numpy(values[:, part]).to(device or torch.device("cpu")) for values in flat]
        for result, found in zip(results, _mixture_quantiles(chunk[0], chunk[1], chunk[2], levels), strict=True):
            result[part] = found.cpu().numpy()
    low, middle, high = (result.reshape(shape) for result in results)
    return np.minimum(low, middle), middle, np.maximum(high, middle)


def _mixture_quantiles(
    lower: torch.Tensor, median: torch.Tensor, upper: torch.Tensor, levels: Sequence[float]
) -> list[torch.Tensor]:
    """Lower, median and upper quantile of the mixture, (pixels,) each, by bisection; arguments (M, pixels)."""
    tiny = torch.finfo(median.dtype).tiny
    below = ((median - lower) / -normal_quantile(levels[0])).clamp_min(tiny)
    above = ((upper - median) / normal_quantile(levels[1])).clamp_min(tiny)
    found = []
    for level, own in ((levels[0], lower), (0.5, median), (levels[1], upper)):
        low, high = own.amin(dim=0), own.amax(dim=0)
        for _ in range(STEPS):
            middle = (low + high) / 2
            away = middle - median
            covered = torch.special.ndtr(away / torch.where(away < 0, below, above)).mean(dim=0)
            enough = covered >= level
            high = torch.where(enough, middle, high)
            low = torch.where(enough, low, middle)
        found.append(high)
    return found
