"""Single blocks without structure in the noisy frame whose image is wrong, and how certain that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from .block_statistics import Doubles
from .residuals import Residuals

# Fewest blocks without structure that say anything.
FLAT_BLOCKS = 5
# Chance that one of all blocks of a scan without structure is called wrong where none is.
BY_CHANCE = 0.001
# Standard deviations of a normal variable per median absolute deviation, and the ends of its middle 95 %.
_MAD, _TWO_SIDED_95 = 1.4826, 1.96


def invented(
    residuals: Residuals, calibrated: tuple[Doubles, Doubles], least: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the blocks without structure whose image is wrong, each channel by itself.

    Parameters
    ----------
    residuals
        Of the blocks of the scan, M of which show no structure.
    calibrated
        ``level`` and ``pattern`` (see ``Residuals``) of the blocks of the calibrate regions that show no structure,
        (N, C) each.
    least
        Share of a block's pixels that must have an interval without the block's level.

    Returns
    -------
    certainty
        (M, C): the larger of the two |z| over its bound; 0 where not more than ``least`` of the pixels exclude the
        level. Where all images are right, one in 1000 scans has any value above 1.
    share
        (M, C): share of pixels whose interval excludes the level that the larger z is about.

    Notes
    -----
    ``level`` tests the block against the level of the noisy block, which finds structure as wide as a block;
    ``pattern`` tests it against the level of the denoised block, which finds finer structure. Noise is correlated and
    images are biased to some degree, so both z are divided by their actual spread. That is the largest of 1, the spread
    of most blocks of the scan (from the median absolute deviation), and that of 95 of 100 calibrated blocks. Levels are
    taken relative to their median over the scan: what is wrong in all blocks alike is a bias, not a structure.
    """
    level, pattern = residuals.level[residuals.flat], residuals.pattern[residuals.flat]
    beyond, off = residuals.beyond[residuals.flat], residuals.off[residuals.flat]
    # Three chances per block and channel: too bright, too dark, a pattern. Student's t, as the spread is estimated.
    bound = -float(stdtrit(max(len(level) - 1, 1), BY_CHANCE / (3 * level.size)))
    (centre, level_spread), (usual, pattern_spread) = (
        _centre_and_spread(values, known) for values, known in zip((level, pattern), calibrated, strict=True)
    )
    by_level = np.where(off > least, np.abs(level - centre) / level_spread, 0.0) / bound
    # An image that follows the noise has a negative pattern in all blocks; one that follows it less invents nothing.
    by_pattern = np.where(beyond > least, (pattern - np.maximum(usual, 0)) / pattern_spread, 0.0) / bound
    return np.maximum(by_level, by_pattern), np.where(by_level >= by_pattern, off, beyond)


def _centre_and_spread(values: Doubles, calibrated: Doubles) -> tuple[Doubles, Doubles]:
    """Median of z-scores (M, C) and their spread, at least 1 and at least that of the calibrated ones; (C,) each."""
    centre = np.median(values, axis=0)
    spread = np.maximum(1.0, _MAD * np.median(np.abs(values - centre), axis=0))
    if len(calibrated) >= FLAT_BLOCKS:
        away = np.abs(calibrated - np.median(calibrated, axis=0))
        spread = np.maximum(spread, np.quantile(away, 0.95, axis=0) / _TWO_SIDED_95)
    return centre, spread
