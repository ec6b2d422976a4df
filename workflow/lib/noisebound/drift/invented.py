"""Single blocks without structure in the noisy frame whose denoised image is wrong, and how certain that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from .block_statistics import Doubles
from .residuals import Residuals

# Fewest blocks without structure that are judged.
FLAT_BLOCKS = 5
# Chance that any block of a scan is called wrong although its whole image is right.
BY_CHANCE = 0.001
# Of a normal variable: standard deviation over median absolute deviation, and upper end of the middle 95 % in units of
# the standard deviation.
_MAD, _TWO_SIDED_95 = 1.4826, 1.96


def invented(
    residuals: Residuals, calibrated: tuple[Doubles, Doubles], least: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the blocks without structure whose image is wrong, each channel by itself.

    Parameters
    ----------
    residuals
        What the blocks of the scan say about the image; M of them show no structure.
    calibrated
        Z-scores by level and by pattern (see ``Residuals``) of the calibrate blocks without structure, (N, C) each.
    least
        A block counts only where more than this share of its pixels have an interval that excludes the level.

    Returns
    -------
    certainty : NDArray
        (M, C) float64; a block whose value exceeds 1 is wrong. Where all images are right, about one in 1000 scans has
        such a block.
    share : NDArray
        (M, C) float64, share of the block's pixels whose interval excludes the level: that of the noisy block where the
        level is the more certain fault, else that of the denoised block.

    Notes
    -----
    The certainty is the larger of two z-scores over a common bound. By level: how far the level differs from its median
    over the scan, in either direction; it finds structure as wide as a block, and counts where more than ``least`` of
    the pixels have an interval that excludes the level of the noisy block. A difference shared by all blocks is a bias,
    not a structure. By pattern: how far the pattern exceeds the larger of 0 and its median over the scan; it finds
    finer structure, and counts where more than ``least`` of the pixels exclude the level of the denoised block.

    Noise is correlated and images are biased to some degree, so both z-scores are divided by their actual spread. That
    is the largest of 1, the spread of the scan's blocks (from the median absolute deviation) and, where 5 or more
    calibrate blocks show no structure, the spread of these (from the deviation that 95 % of them stay within). The
    bound is the quantile of Student's t for a chance of 0.001 in all blocks and channels together.
    """
    level, pattern = residuals.level[residuals.flat], residuals.pattern[residuals.flat]
    beyond, off = residuals.beyond[residuals.flat], residuals.off[residuals.flat]
    # Each block can be wrong in three ways per channel: too bright, too dark, or by its pattern. The quantile is that
    # of Student's t because the spread is estimated.
    bound = -float(stdtrit(max(len(level) - 1, 1), BY_CHANCE / (3 * level.size)))
    (centre, level_spread), (usual, pattern_spread) = (
        _centre_and_spread(values, known) for values, known in zip((level, pattern), calibrated, strict=True)
    )
    by_level = np.where(off > least, np.abs(level - centre) / level_spread, 0.0) / bound
    # An image that follows the noise has negative pattern scores throughout. A block that follows it less than the
    # others do invents nothing, so scores count from 0 there.
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
