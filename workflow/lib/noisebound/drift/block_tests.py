"""Tests of single blocks: whether the noisy frame shows structure, and whether the denoised image contradicts it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

from .block_statistics import Doubles

# Edge length, in pixels along Y and X, of the cells whose means are compared to find structure in a noisy block.
CELL = 4


def disagreement(noisy: Doubles, level: Doubles, pattern: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """How far a noisy block contradicts its denoised image, per channel, as two z-scores: by level and by pattern.

    Both are about standard normal where the image is right and noise is independent from pixel to pixel.

    Parameters
    ----------
    noisy
        One block of the noisy frame, (C, *spatial) float64 with n pixels per channel.
    level, pattern
        The same block as the image predicts it (see ``Expected``), in the unit of the noisy frame.
    counts
        Whether values are counts, whose noise is at least that of Poisson.

    Returns
    -------
    tuple
        By level, (C,): mean of noisy - level over s / sqrt(n), with the standard deviation s of the noisy block. By
        pattern, (C,): minus the covariance of noisy - pattern with pattern, over the standard deviation of the latter
        and s / sqrt(n). It is positive for an image with a pattern that the noisy block lacks, negative for one that
        follows the noise.
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
    # Less contrast than this is rounding.
    varies = spread > 1e-6 * np.maximum(scale, np.abs(centre))
    against = -((y - m) * own).mean(axis=1) / np.where(varies, spread, 1.0)
    return by_level, np.where(known & varies, against / scale, 0.0)


def without_structure(values: NDArray[np.floating]) -> Doubles:
    """P-value of a noisy block having no structure, (C,): that white noise lets the means of its cells differ as much.

    One-way analysis of variance (F test) between cells of 4 x 4 px, which take in all of Z.

    Parameters
    ----------
    values
        One block, (C, [Z], Y, X), with its noise made homoscedastic.

    Returns
    -------
    NDArray
        (C,) float64; NaN where the block has fewer than 4 cells.
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
