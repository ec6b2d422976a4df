"""Conformal corrections as pure arithmetic: exact ranks, order statistics and roundings that never lose coverage.

Y. Romano, E. Patterson, E. Candes, "Conformalized Quantile Regression", NeurIPS 2019 (arXiv:1905.03222).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Score = Literal["symmetric", "asymmetric"]
SCORES: tuple[Score, ...] = ("symmetric", "asymmetric")
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def conformal_rank(n: int, probability: float | Fraction) -> int:
    """Rank k = ceil((n + 1) probability) of the score that covers a further one with at least ``probability``.

    Exact: a float stands for its shortest decimal, so that n = 9 at 0.9 gives 9 and not 10. k may exceed n.
    """
    exact = probability if isinstance(probability, Fraction) else Fraction(repr(float(probability)))
    return math.ceil((n + 1) * exact)


def order_statistic(scores: ArrayLike, k: int) -> float:
    """The ``k``-th smallest of ``scores`` (any shape), k from 1; infinite where k exceeds their number."""
    flat = np.asarray(scores, dtype=np.float64).ravel()
    if k < 1:
        raise ValueError(f"ranks start at 1, got {k}")
    return math.inf if k > flat.size else float(np.partition(flat, k - 1)[k - 1])


def subtract_up(a: ArrayLike, b: ArrayLike) -> Doubles:
    """``a - b`` in float64, rounded towards plus infinity where it is not exact (error term of Knuth's TwoSum)."""
    x, y = np.asarray(a, dtype=np.float64), -np.asarray(b, dtype=np.float64)
    total = x + y
    part = total - x
    error = (x - (total - part)) + (y - part)
    return np.where(error > 0, np.nextafter(total, np.inf), total)


def round_outwards(values: Doubles, towards: float) -> Floats:
    """Cast to float32, rounding towards ``towards`` (minus or plus infinity)."""
    with np.errstate(over="ignore"):
        cast = values.astype(np.float32)
    inside = cast > values if towards < 0 else cast < values
    return np.where(inside, np.nextafter(cast, np.float32(towards)), cast)


def corrections(lower_scores: ArrayLike, upper_scores: ArrayLike, nominal: float, score: Score) -> dict[str, Any]:
    """Correction of one channel from the scores of its calibration pixels.

    ``lower_scores`` are lower - y, ``upper_scores`` y - upper (same shape). ``symmetric``: one correction, the rank
    k = ceil((n+1) nominal) of max(lower - y, y - upper) (CQR, eq. 6-8). ``asymmetric``: each side spends half of
    1 - nominal on its own scores (CQR, theorem 2). Returns {"lower", "upper", "n", "k"}; a correction widens its
    side where it is positive, and is infinite where k > n.
    """
    low, high = np.asarray(lower_scores, dtype=np.float64).ravel(), np.asarray(upper_scores, dtype=np.float64).ravel()
    if score == "symmetric":
        k = conformal_rank(low.size, nominal)
        both = order_statistic(np.maximum(low, high), k)
        return {"lower": both, "upper": both, "n": low.size, "k": k}
    k = conformal_rank(low.size, (1 + Fraction(repr(float(nominal)))) / 2)
    return {"lower": order_statistic(low, k), "upper": order_statistic(high, k), "n": low.size, "k": k}


def one_sided(lower_scores: ArrayLike, upper_scores: ArrayLike, confidence: float) -> dict[str, Any]:
    """Corrections for bounds on one side: P(y >= lower - q_lower) >= confidence, and likewise above; as above."""
    low, high = np.asarray(lower_scores), np.asarray(upper_scores)
    k = conformal_rank(low.size, confidence)
    return {"lower": order_statistic(low, k), "upper": order_statistic(high, k), "n": low.size, "k": k}
