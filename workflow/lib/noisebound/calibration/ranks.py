"""Exact ranks of conformal prediction, and order statistics."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from .exchangeability import decimal


def conformal_rank(n: int, probability: float | Fraction) -> int:
    """Compute the rank k = ceil((n + 1) probability) of the score that covers a further one with this probability.

    Exact: a float stands for its shortest decimal, so that n = 9 at 0.9 gives 9 and not 10.

    Parameters
    ----------
    n
        Number of scores.
    probability
        Probability that a further score is covered, at least.

    Returns
    -------
    int
        k, from 1; it may exceed n.

    References
    ----------
    Romano et al., eq. 6-8 (see the module).
    """
    return math.ceil((n + 1) * decimal(probability))


def order_statistic(scores: ArrayLike, k: int) -> float:
    """Find the k-th smallest score.

    Parameters
    ----------
    scores
        Numbers of any shape.
    k
        Rank, from 1.

    Returns
    -------
    float
        The score; infinite where ``k`` exceeds their number.

    Raises
    ------
    ValueError
        Where ``k`` is below 1.
    """
    flat = np.asarray(scores, dtype=np.float64).ravel()
    if k < 1:
        raise ValueError(f"ranks start at 1, got {k}")
    return math.inf if k > flat.size else float(np.partition(flat, k - 1)[k - 1])
