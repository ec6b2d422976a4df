"""Permutation and conformal tests of whether a scan looks exchangeable with those that calibrated.

There are two units, as for the intervals. ``scan``: the scan is compared as a whole with K calibrate scans; nothing is
assumed about the pixels within one. ``block``: blocks of pixels are exchanged, for which a single calibrate region is
enough. Neighbouring blocks resemble each other, so these p-values are approximate, and a warning also takes a large
enough difference. Many statistics are tested together, so each p-value refers to the largest deviation among them.
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
    """Result of a test of F statistics.

    Parameters
    ----------
    unit
        What was exchanged.
    p
        P-value of all statistics together; None where nothing could be compared.
    resolution
        Smallest p-value that was possible; None where nothing could be compared.
    adjusted
        (F,) float64, p-values of single statistics, corrected for their number.
    superiority
        (F,) float64, chance that a value of the new scan exceeds a calibrated one, ties counting half: 0.5 where there
        is no difference.
    """

    unit: Literal["scan", "block"]
    p: float | None
    resolution: float | None
    adjusted: Doubles
    superiority: Doubles


def superiority(calibrated: Doubles, new: Doubles) -> Doubles:
    """Compute the chance that a new value exceeds a calibrated one, over all pairs: P(new > calibrated) + P(equal) / 2.

    Parameters
    ----------
    calibrated, new
        (n, F) and (m, F) float64.

    Returns
    -------
    NDArray
        (F,) float64, from 0 to 1.

    Notes
    -----
    It is the statistic of Mann and Whitney divided by n m, which is the area under the ROC curve.
    """
    n, m = len(calibrated), len(new)
    ranks = rankdata(np.concatenate([calibrated, new]), axis=0)
    result: Doubles = (ranks[n:].sum(axis=0) - m * (m + 1) / 2) / (n * m)
    return result


def compare_blocks(calibrated: Doubles, new: Doubles, draws: int, rng: np.random.Generator) -> Comparison:
    """Compare calibrated blocks with new ones by a permutation test.

    Parameters
    ----------
    calibrated, new
        (n, F) and (m, F) float64, statistics of either set of blocks.
    draws
        Random permutations.
    rng
        Draws them.

    Returns
    -------
    Comparison
        With unit "block"; without p-value where a set is empty or F is 0. The resolution is 1 / (draws + 1), or one in
        the number of ways to choose n of the n + m blocks if that is larger.

    Notes
    -----
    Every statistic becomes mid-ranks over all n + m blocks, centred and scaled to unit variance. A statistic's
    deviation is the absolute sum of its ranks over the calibrated blocks, and T is the largest deviation. With labels
    drawn anew ``draws`` times, p = (1 + number of draws with T at least that observed) / (draws + 1), which is uniform
    or larger if the n + m blocks are exchangeable [1]_. Adjusted p-values compare each statistic's own deviation with
    the drawn T (single-step max T [2]_).

    References
    ----------
    .. [1] B. Phipson, G. K. Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) 39.
    .. [2] P. H. Westfall, S. S. Young, "Resampling-based multiple testing", Wiley (1993).
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
    fewer = min(n, m)  # the sums over both parts differ only in sign, so the smaller part is drawn
    largest = np.empty(draws)
    step = max(1, _VALUES_AT_ONCE // (fewer * columns))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        chosen = np.stack([rng.choice(n + m, fewer, replace=False, shuffle=False) for _ in range(size)])
        largest[start : start + size] = np.abs(ranks[chosen].sum(axis=1)).max(axis=1)
    tolerance = 1e-9 * (n + m)  # rounding, where the same ranks are added in another order
    counts = (largest[:, None] >= observed - tolerance).sum(axis=0)
    adjusted = (1 + counts) / (draws + 1)
    # For many blocks, a lower bound on the number of ways is enough. With n = m, swapping both parts gives the same T,
    # so each way counts twice.
    ways = math.comb(n + m, fewer if n + m <= 60 else min(fewer, 8)) / (2 if n == m else 1)
    resolution = max(1 / (draws + 1), 1 / ways)
    return Comparison("block", float(adjusted.min()), resolution, adjusted, superiority(calibrated, new))


def compare_scans(calibrated: Doubles, new: Doubles) -> Comparison:
    """Compare one scan with K calibrated scans by a conformal test.

    Parameters
    ----------
    calibrated
        (K, F) float64, statistics of the calibrated scans.
    new
        (F,) float64, those of the new scan.

    Returns
    -------
    Comparison
        With unit "scan" and resolution 1 / (K + 1); without p-value where K or F is 0.

    Notes
    -----
    A statistic's distance is that from the median of all K + 1 scans, in units of their median absolute deviation; the
    score of a scan is its largest distance. Statistics in which most scans are equal, such as the share of saturated
    pixels where one scan holds the largest value, have no such deviation. They are judged apart, by their distance in
    units of the mean absolute deviation: beside the others, any scan that differs at all would have the largest score.
    All scans are then ranked once: the one with the largest score of the first kind, the one with the largest of the
    second kind, the next of the first kind, and so on. This rule treats all K + 1 scans alike, so p = (number of scans
    that rank at least as high as the new one) / (K + 1) is uniform or larger if the scans are exchangeable, however
    their pixels depend on one another. Adjusted p-values give the new scan the rank that its distance in one statistic
    alone would have.

    References
    ----------
    V. Vovk, A. Gammerman, G. Shafer, "Algorithmic learning in a random world", Springer (2005), ch. 2.
    """
    k, columns = calibrated.shape
    if k == 0 or columns == 0:
        return Comparison("scan", None, None, np.ones(columns), np.full(columns, 0.5))
    together = np.concatenate([calibrated, new[None]])
    away = np.abs(together - np.median(together, axis=0))
    usual, rare = np.median(away, axis=0), away.mean(axis=0)
    adjusted = np.ones(columns)
    kinds = [(usual > 0, usual), ((usual == 0) & (rare > 0), rare)]
    ranks = np.full((2, k + 1), np.inf)
    own: list[Doubles] = [np.zeros(0), np.zeros(0)]
    for kind, (chosen, scale) in enumerate(kinds):
        distance = away[:, chosen] / scale[chosen]
        scores = distance.max(axis=1, initial=0.0)
        # What does not differ at all has no rank. The first kind takes ranks 1, 3, ..., the second 2, 4, ...
        ranks[kind] = np.where(scores > 0, 2 * (scores >= scores[:, None]).sum(axis=1) - 1 + kind, np.inf)
        others = (scores[:k, None] >= distance[k]).sum(axis=0)
        own[kind] = np.where(distance[k] > 0, 2 * (1 + others) - 1 + kind, np.inf)
    best = ranks.min(axis=0)[:k]
    for (chosen, _), rank in zip(kinds, own, strict=True):
        adjusted[chosen] = (1 + (best[:, None] <= rank).sum(axis=0)) / (k + 1)
    return Comparison("scan", float(adjusted.min()), 1 / (k + 1), adjusted, superiority(calibrated, new[None]))


def means_by_field(values: Doubles, field: NDArray[np.integer], chosen: Sequence[int]) -> Doubles:
    """Average the rows of some fields of view.

    Parameters
    ----------
    values
        (N, F) float64.
    field
        (N,), number of the field of view of each row.
    chosen
        Numbers of the V fields of view that are wanted, each with at least one row.

    Returns
    -------
    NDArray
        (V, F) float64.
    """
    return np.array([values[field == number].mean(axis=0) for number in chosen]).reshape(len(chosen), values.shape[1])
