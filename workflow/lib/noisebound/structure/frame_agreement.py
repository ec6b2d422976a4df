"""How far the token maps of two independent frames of one place agree, which noise alone cannot bring about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

# Sides (px) of the blocks that the error bar comes from, and the fewest blocks that may give one. Neighbours share
# their structure over unknown lengths; the widest of the error bars is kept.
SIDES = (16, 32, 64)
FEWEST_BLOCKS = 8
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Agreement:
    """Agreement of two labellings of the same pixels.

    Parameters
    ----------
    index
        Adjusted Rand index; NaN where one labelling has one label only, of which every map is a repetition.
    same
        Share of pixels with the same label.
    chance
        That share for two labellings that have nothing in common but how frequent their labels are.
    """

    index: float
    same: float
    chance: float


NOT_KNOWN = Agreement(math.nan, math.nan, math.nan)


def cross_table(labels: Sequence[NDArray], tokens: int) -> NDArray[np.int64]:
    """Count the pixels of every pair of labels.

    Parameters
    ----------
    labels
        Two labellings, (N,) each, with numbers from 0.
    tokens
        Number of labels T.

    Returns
    -------
    NDArray
        (T, T) int64.
    """
    first, second = (np.asarray(part, dtype=np.int64) for part in labels)
    return np.bincount(first * tokens + second, minlength=tokens**2).reshape(tokens, tokens)


def agreement_of_table(table: NDArray) -> Agreement:
    """Compute how far two labellings agree.

    Parameters
    ----------
    table
        (T, T), pixels of every pair of labels.

    Returns
    -------
    Agreement
        NaN for no pixel.
    """
    total = table.sum()
    if not total:
        return NOT_KNOWN
    rows, columns = table.sum(axis=1) / total, table.sum(axis=0) / total
    return Agreement(float(rand_indices(table[None])[0]), float(np.trace(table) / total), float(rows @ columns))


def rand_indices(tables: NDArray) -> NDArray[np.float64]:
    """Compute adjusted Rand indices from tables of pairs of labels.

    Parameters
    ----------
    tables
        (B, T, T), pixels of every pair of labels.

    Returns
    -------
    NDArray
        (B,) float64; NaN where one of the labellings has one label only.

    References
    ----------
    L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2 (1985) 193, equation 5.
    """
    counts = np.asarray(tables, dtype=np.float64)

    def pairs(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        return (numbers * (numbers - 1) / 2).reshape(len(counts), -1).sum(axis=1)

    both, first, second = pairs(counts), pairs(counts.sum(axis=2)), pairs(counts.sum(axis=1))
    total = pairs(counts.sum(axis=(1, 2)))
    constant = (first == total) | (second == total)
    expected = np.divide(first * second, total, out=np.zeros_like(total), where=total > 0)
    spread = (first + second) / 2 - expected
    result: NDArray[np.float64] = np.full(len(counts), np.nan)
    np.divide(both - expected, spread, out=result, where=~constant & (spread != 0))
    return result


def paired_difference(
    one: Sequence[NDArray], other: Sequence[NDArray], places: NDArray[np.int64], tokens: int
) -> tuple[float, float, float]:
    """Compute by how much the agreement of one pair of labellings exceeds that of another, with an error bar.

    The error is that of the jackknife, which leaves out one block of pixels at a time, with Student's t for as many
    blocks. It is the largest over blocks of 16, 32 and 64 px, as far as there are 8 of them.

    Parameters
    ----------
    one, other
        Two labellings each, (N,), of the same pixels.
    places
        (N, 1 + ndim) int64, scan and coordinates of each pixel.
    tokens
        Number of labels.

    Returns
    -------
    difference, low, high : float
        Difference of the adjusted Rand indices, and the ends of its 95 % interval; NaN where there is none.

    References
    ----------
    B. Efron, C. Stein, Ann. Statist. 9 (1981) 586.
    """
    whole = [cross_table(pair, tokens) for pair in (one, other)]
    difference = float(np.subtract(*(rand_indices(table[None])[0] for table in whole)))
    half = math.nan
    for side in SIDES:
        blocks = np.concatenate([places[:, :1], places[:, 1:] // side], axis=1)
        names, of_pixel = np.unique(blocks, axis=0, return_inverse=True)
        count = len(names)
        if count < FEWEST_BLOCKS:
            break
        left = []
        for pair, table in zip((one, other), whole, strict=True):
            cells = (of_pixel.reshape(-1) * tokens + pair[0]) * tokens + pair[1]
            without = table - np.bincount(cells, minlength=count * tokens**2).reshape(count, tokens, tokens)
            left.append(rand_indices(without))
        values = left[0] - left[1]
        error = math.sqrt((count - 1) / count * float(((values - values.mean()) ** 2).sum()))
        half = float(np.fmax(half, error * student.ppf((1 + CONFIDENCE) / 2, count - 1)))
    return difference, difference - half, difference + half
