"""Tests of single blocks: whether the noisy frame shows structure, and whether it contradicts the denoised image."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from .block_statistics import Doubles

# Edge length, in pixels along Y and X, of the cells whose means are compared to find structure in a noisy block.
CELL = 4


def disagreement(noisy: Doubles, level: Doubles, pattern: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """Test how far a noisy block contradicts its denoised image, in its level and in its pattern.

    Parameters
    ----------
    noisy
        (C, *spatial) float64, one block of the noisy frame in raw units.
    level, pattern
        (C, *spatial) float64, the noisy frame as the image predicts it (see ``Expected.level`` and
        ``Expected.pattern``).
    counts
        Whether values are counts, whose noise is at least that of Poisson.

    Returns
    -------
    by_level : NDArray
        (C,) float64, z-score: positive where the noisy block is brighter than the image predicts.
    by_pattern : NDArray
        (C,) float64, z-score: positive where the image has a pattern that the noisy block lacks, negative where the
        image follows the noise; 0 where the image has no pattern.

    Notes
    -----
    For a block of n pixels, by_level = mean(noisy - level) / (s / sqrt(n)) and by_pattern = -cov(noisy - pattern,
    pattern) / (sd(pattern) s / sqrt(n)). Here s is the standard deviation of the noisy block; for counts, s^2 is at
    least the mean of ``level`` and at least 1 / n. Both z-scores are 0 where s is 0. They are about standard normal
    where the image is right and noise is independent from pixel to pixel.
    """
    y, expected, m = (values.reshape(len(values), -1).astype(np.float64) for values in (noisy, level, pattern))
    size = y.shape[1]
    variance = y.var(axis=1)
    if counts:
        variance = np.maximum(np.maximum(variance, expected.mean(axis=1)), 1 / size)
    known = variance > 0
    scale = np.sqrt(np.where(known, variance, 1.0) / size)
    by_level = np.where(known, (y - expected).mean(axis=1) / scale, 0.0)
    centre = m.mean(axis=1)
    own = m - centre[:, None]
    spread = own.std(axis=1)
    # Smaller contrast is rounding error.
    varies = spread > 1e-6 * np.maximum(scale, np.abs(centre))
    against = -((y - m) * own).mean(axis=1) / np.where(varies, spread, 1.0)
    return by_level, np.where(known & varies, against / scale, 0.0)


def without_structure(values: NDArray[np.floating]) -> Doubles:
    """Test whether a noisy block has no structure, by one-way analysis of variance between cells of 4 x 4 px.

    Parameters
    ----------
    values
        (C, [Z], Y, X), one block whose noise has the same variance at any brightness. A cell takes in all of Z; pixels
        beyond the last whole cell are left out.

    Returns
    -------
    NDArray
        (C,) float64, p-value: the chance that the means of cells differ at least as much in white noise. NaN where the
        block has fewer than 4 cells.
    """
    planes = values.reshape(len(values), -1, *values.shape[-2:]).astype(np.float64)
    rows, columns = planes.shape[-2] // CELL, planes.shape[-1] // CELL
    if rows * columns < 4:
        return np.full(len(values), math.nan)
    cut = planes[..., : rows * CELL, : columns * CELL].reshape(*planes.shape[:2], rows, CELL, columns, CELL)
    cells = cut.transpose(0, 2, 4, 1, 3, 5).reshape(len(planes), rows * columns, -1)
    number, size = cells.shape[1:]
    means = cells.mean(axis=2)
    between = size * means.var(axis=1, ddof=1)
    freedom = number * (size - 1)
    within = np.square(cells - means[..., None]).sum(axis=(1, 2)) / freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        chance: Doubles = fdtrc(number - 1, freedom, between / within)
    return np.where(within > 0, chance, np.where(between == 0, 1.0, 0.0))
