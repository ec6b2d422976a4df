"""Exact test of whether some blocks of a scan lie beyond all calibrated ones, as those of a material never seen do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .block_statistics import Doubles

# A block lies beyond the calibrated ones where it exceeds them by more than this share of their range.
MARGIN = 0.1


@dataclass(frozen=True, eq=False)
class Exceedance:
    """Blocks of a scan beyond all calibrated ones.

    Parameters
    ----------
    p
        P-value of all tests together; None where nothing could be compared.
    blocks
        (M,) bool, the blocks that lie beyond by their largest deviation in any statistic.
    adjusted
        (F,) float64, p-values of single statistics, corrected for their number and for both directions.
    beyond
        (F,) int64, blocks beyond the calibrated ones in each statistic, in the direction in which there are more.
    above
        (F,) bool, whether that direction is upwards.
    """

    p: float | None
    blocks: NDArray[np.bool_]
    adjusted: Doubles
    beyond: NDArray[np.int64]
    above: NDArray[np.bool_]


def chance_beyond(beyond: NDArray[np.integer] | int, calibrated: int, new: int) -> Doubles:
    """Compute the chance that so many new blocks lie beyond all calibrated ones, where all are exchangeable.

    Parameters
    ----------
    beyond
        Numbers j of new blocks that lie beyond; any shape.
    calibrated, new
        Numbers n and m of the blocks of either kind.

    Returns
    -------
    NDArray
        float64, of the same shape: the probability that the j largest of all n + m blocks are all new, m! (n + m - j)!
        / ((m - j)! (n + m)!).

    References
    ----------
    N. Balakrishnan, H. K. T. Ng, "Precedence-Type Tests and Applications", Wiley (2006), ch. 3.
    """
    table = np.cumprod([1.0, *((new - i) / (calibrated + new - i) for i in range(new))])
    found: Doubles = table[np.asarray(beyond)]
    return found


def fewest_beyond(level: float, calibrated: int, new: int) -> int | None:
    """Find how many new blocks must lie beyond all calibrated ones for a p-value.

    Parameters
    ----------
    level
        Largest p-value that counts.
    calibrated, new
        Numbers of blocks.

    Returns
    -------
    int or None
        The smallest number of blocks; None where even all of them are too few.
    """
    enough = np.flatnonzero(chance_beyond(np.arange(new + 1), calibrated, new) <= level)
    return int(enough[0]) if enough.size else None


def compare_extremes(calibrated: Doubles, new: Doubles) -> Exceedance:
    """Test whether more new blocks lie beyond all calibrated ones than chance explains.

    Parameters
    ----------
    calibrated, new
        (n, F) and (m, F) float64, statistics of either set of blocks.

    Returns
    -------
    Exceedance
        Without p-value where there is nothing to compare.

    Notes
    -----
    Two kinds of test share the level equally. The first is of one score per block: its largest deviation in any
    statistic from the median of all n + m blocks, in units of their median absolute deviation. Statistics in which
    most blocks are equal do not count in it. The rule treats all blocks alike, so the number of new blocks whose score
    exceeds all calibrated ones has the chance of :func:`chance_beyond` where blocks are exchangeable. The second is of
    each statistic in each direction, Bonferroni-corrected. By ``MARGIN``, a block must exceed the calibrated ones
    clearly: this makes the p-values larger, never smaller, and passes over scans that are shifted by a trifle.
    """
    n, m = len(calibrated), len(new)
    columns = calibrated.shape[1]
    together = np.concatenate([calibrated, new])
    varies = np.ptp(together, axis=0) > 0 if len(together) else np.zeros(columns, bool)
    if n == 0 or m == 0 or not varies.any():
        nothing = np.zeros(columns, np.int64)
        return Exceedance(None, np.zeros(m, bool), np.ones(columns), nothing, nothing == 0)
    away = np.abs(together - np.median(together, axis=0))
    scale = np.median(away, axis=0)
    score = np.where(scale > 0, away / np.where(scale > 0, scale, 1.0), 0.0).max(axis=1, keepdims=True)
    blocks = _beyond(score[:n], score[n:])[:, 0]
    p_any = 2 * float(chance_beyond(int(blocks.sum()), n, m))
    counts = np.stack([_beyond(sign * calibrated, sign * new).sum(axis=0) for sign in (1, -1)])
    above: NDArray[np.bool_] = counts[0] >= counts[1]
    most = counts.max(axis=0)
    adjusted = np.where(varies, np.minimum(chance_beyond(most, n, m) * 4 * varies.sum(), 1.0), 1.0)
    return Exceedance(min(1.0, p_any, float(adjusted.min())), blocks, adjusted, most, above)


def _beyond(calibrated: Doubles, new: Doubles) -> NDArray[np.bool_]:
    """Which of the ``new`` values (m, F) lie clearly above all ``calibrated`` ones (n, F)."""
    most = calibrated.max(axis=0)
    margin = MARGIN * np.ptp(calibrated, axis=0)
    beyond: NDArray[np.bool_] = new > most + margin
    return beyond
