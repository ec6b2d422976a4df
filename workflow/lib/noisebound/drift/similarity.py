"""Whether a scan looks exchangeable with those that calibrated: permutation and conformal tests with honest p-values.

Two units, as for the intervals. ``scan``: the scan is one more draw beside K calibrate scans; nothing is assumed about
the pixels within one. ``block``: blocks of pixels are exchanged; this takes a single calibrate region, but blocks of
one image resemble their neighbours, so its p-values are approximate, and a warning also asks for a difference that
matters. With many statistics looked at together, the p-values are those of the largest deviation among them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Doubles = NDArray[np.float64]
_VALUES_AT_ONCE = 1 << 22


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a test found. ``p`` of all statistics together, ``resolution`` its smallest possible value; both None
    where nothing could be compared.

    ``adjusted`` (F,): p-values of the single statistics, corrected for their number. ``superiority`` (F,): chance that
    a value of the new scan exceeds a calibrated one, ties counting half: 0.5 where there is no difference.
    """

    unit: Literal["scan", "block"]
    p: float | None
    resolution: float | None
    adjusted: Doubles
    superiority: Doubles


def superiority(calibrated: Doubles, new: Doubles) -> Doubles:
    """P(new > calibrated) + P(equal) / 2 over all pairs of rows, per column; (n, F) and (m, F) to (F,).

    It is the statistic of Mann and Whitney divided by n m: the area under the ROC curve.
    """
    n, m = len(calibrated), len(new)
    ranks = rankdata(np.concatenate([calibrated, new]), axis=0)
    result: Doubles = (ranks[n:].sum(axis=0) - m * (m + 1) / 2) / (n * m)
    return result


def compare_blocks(calibrated: Doubles, new: Doubles, draws: int, rng: np.random.Generator) -> Comparison:
    """Permutation test of n calibrated blocks (n, F) against m new ones (m, F).

    Every statistic becomes mid-ranks over all n + m blocks, centred and scaled to unit variance; T is the largest
    absolute sum of a column over the calibrated blocks. Labels are drawn anew ``draws`` times, and p = (1 + number of
    draws with T at least that observed) / (draws + 1), which is uniform or larger if the n + m blocks are exchangeable
    (B. Phipson, G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) 39). ``adjusted``
    compares each statistic's own deviation with the draws of the largest (P. H. Westfall, S. S. Young,
    "Resampling-based multiple testing" (1993), single-step max T). The p-value cannot be below 1 / (draws + 1), nor
    below one in the number of ways to choose n of n + m blocks.
    """
    n, m = len(calibrated), len(new)
    columns = calibrated.shape[1]
    if n == 0 or m == 0 or columns == 0:
        return Comparison("block", None, None, np.ones(columns), np.full(columns, 0.5))
    ranks = rankdata(np.concatenate([calibrated, new]), axis=0)
    ranks -= ranks.mean(axis=0)
    spread = ranks.std(axis=0)
    ranks = np.where(spread > 0, ranks / np.where(spread > 0, spread, 1.0), 0.0)
    observed = np.abs(ranks[:n].sum(axis=0))
    fewer = min(n, m)  # the sums of both parts are opposite, so the smaller one is drawn
    largest = np.empty(draws)
    step = max(1, _VALUES_AT_ONCE // (fewer * columns))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        chosen = np.stack([rng.choice(n + m, fewer, replace=False, shuffle=False) for _ in range(size)])
        largest[start : start + size] = np.abs(ranks[chosen].sum(axis=1)).max(axis=1)
    tolerance = 1e-9 * (n + m)  # sums of the same ranks in another order
    counts = (largest[:, None] >= observed - tolerance).sum(axis=0)
    adjusted = (1 + counts) / (draws + 1)
    # Of large numbers a lower bound on the ways is enough; with halves of equal size, each way counts twice.
    ways = math.comb(n + m, fewer if n + m <= 60 else min(fewer, 8)) / (2 if n == m else 1)
    resolution = max(1 / (draws + 1), 1 / ways)
    return Comparison("block", float(adjusted.min()), resolution, adjusted, superiority(calibrated, new))


def compare_scans(calibrated: Doubles, new: Doubles) -> Comparison:
    """Conformal test of one scan (F,) as one more draw beside K calibrated scans (K, F).

    The score of a scan is its largest distance, over the statistics, from the median of all K + 1 scans in units of
    their median absolute deviation. The rule treats all K + 1 alike, so p = (1 + number of calibrated scans that score
    at least as high) / (K + 1) is uniform or larger if they are exchangeable, whatever their pixels have to do with
    one another (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random world" (2005), ch. 2).
    """
    k, columns = calibrated.shape
    if k == 0 or columns == 0:
        return Comparison("scan", None, None, np.ones(columns), np.full(columns, 0.5))
    together = np.concatenate([calibrated, new[None]])
    away = np.abs(together - np.median(together, axis=0))
    scale = np.median(away, axis=0)
    # Where most scans are equal, as shares of zeros are, the mean deviation is the scale; without any, nothing is said.
    scale = np.where(scale > 0, scale, away.mean(axis=0))
    away = np.where(scale > 0, away / np.where(scale > 0, scale, 1.0), 0.0)
    scores = away.max(axis=1)
    adjusted = (1 + (scores[:k, None] >= away[k]).sum(axis=0)) / (k + 1)
    return Comparison("scan", float(adjusted.min()), 1 / (k + 1), adjusted, superiority(calibrated, new[None]))


def means_by_field(values: Doubles, field: NDArray[np.integer], chosen: Sequence[int]) -> Doubles:
    """Mean of the rows of ``values`` (N, F) of each ``chosen`` number in ``field`` (N,); (len(chosen), F)."""
    return np.array([values[field == number].mean(axis=0) for number in chosen]).reshape(len(chosen), values.shape[1])
