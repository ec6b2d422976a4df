"""Quantiles of the mixture of the members' distributions, from the three quantiles that each member predicts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Bisections: the bracket then is as narrow as the resolution of float32.
STEPS = 25
# Pixels at a time, so that memory stays small compared with that of the networks.
CHUNK = 1 << 16


def normal_quantile(level: float) -> float:
    """Quantile of the standard normal distribution."""
    return float(torch.special.ndtri(torch.tensor(level, dtype=torch.float64)))


def pool_quantiles(
    lower: Floats, median: Floats, upper: Floats, levels: Sequence[float], device: torch.device | None = None
) -> tuple[Floats, Floats, Floats]:
    """Quantiles of the mixture of the members' distributions, all weighted alike.

    A member's distribution is normal on either side of its median, half of it on each, with the scales that put its
    outer quantiles where it predicts them. The mixture's distribution function is the mean of the members', and its
    quantiles are found by bisection between the smallest and the largest member's. Unlike the mean of quantiles, they
    spread where members disagree.

    Parameters
    ----------
    lower, median, upper
        float32 (M, ...), the members' quantiles at ``levels[0]``, 0.5 and ``levels[1]``.
    levels
        Levels of the outer quantiles.
    device
        Where to compute; by default the processor.

    Returns
    -------
    tuple of array
        Lower, median and upper of the mixture, float32 (...).
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
    """Lower, median and upper of the mixture, (pixels,) each, by bisection; arguments (M, pixels)."""
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
