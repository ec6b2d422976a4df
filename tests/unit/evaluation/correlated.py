"""Images whose neighbouring pixels resemble each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from noisebound.evaluation.cells import CellSums, cell_sums
from noisebound.evaluation.error_bars import Interval, interval


def smooth_field(rng: np.random.Generator, shape: tuple[int, int], length: float) -> NDArray[np.float64]:
    """A Gaussian field of variance 1 whose correlation falls to 1/e over ``length`` px."""
    sigma = length / 2
    margin = int(4 * sigma) + 1
    white = rng.standard_normal([extent + 2 * margin for extent in shape])
    field = gaussian_filter(white, sigma)[margin:-margin, margin:-margin]
    return np.asarray(field * (2 * sigma * np.sqrt(np.pi)))


def share_interval(covered: NDArray[np.bool_], block: int = 16) -> tuple[float, Interval]:
    """The share of covered pixels (R, Y, X), and its interval."""
    shape = covered.shape[1:]
    hits, counts = cell_sums(covered.sum(axis=0), shape), cell_sums(np.full(shape, len(covered)), shape)
    share = float(covered.mean())
    moved = CellSums((hits.sums - share * counts.sums) / covered.size, shape)
    return share, interval(share, [moved], [counts], block, share=True)
