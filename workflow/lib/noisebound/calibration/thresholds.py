"""Thresholds of conformal prediction: further scores stay at or below them as often as promised.

A *score* says by how much a target lies outside its predicted interval (negative inside). What a threshold promises
depends on the unit of exchangeability:

``pixel``. n scores are exchangeable with a further one. The k-th smallest, k = ceil((n+1) p), covers the further score
with probability p or more (Romano et al., eq. 6-8).

``scan``. K scans are exchangeable, as wholes, with a further one. Let F_k(q) be the share of scan k's own scores up to
q. The threshold is the smallest q with F_1(q) + ... + F_K(q) >= (K+1) p: every scan weighs 1/(K+1), and the further
scan, of which nothing is known, counts as not covered. Then E F_{K+1}(q) >= p. Proof: let q* be the smallest q at which
the sum over all K+1 scans reaches (K+1) p. As F_{K+1} >= 0, q* <= q. As q* treats all K+1 scans alike, E F_{K+1}(q*) is
the mean over them, which is at least p. How pixels of one scan depend on each other plays no part.

``pac``. K scans are drawn independently from one population. Two statements hold, each with confidence 1 - delta over
this draw. (1) At least the share p of further scans have at least the share p of their own pixels covered. The score of
a scan is the smallest q with F_k(q) >= p. The threshold q is at least the score at rank K+1-u of the K scans, with u
the largest number for which P(Beta(K+1-u, u) >= p) >= 1 - delta. (2) At least the share p of the pixels of further
scans, taken together, are covered. The threshold q is at least the smallest with F_1(q) F_2(q) ... F_K(q) >= p^K /
delta. Proof: let q be so small that the mean E F(q) over further scans is less than p. The F_k(q) are independent with
this mean, so the expectation of F_1(q) ... F_K(q) / p^K is at most 1, and by Markov's inequality it reaches 1 / delta,
so that the threshold is that small, with probability at most delta. (This is a bet on each scan with the whole stake,
as in I. Waudby-Smith, A. Ramdas, JRSS B 86 (2024) 1.) As F_k <= 1, (2) can be met if p^K <= delta, which is also where
u reaches 1 in (1). The threshold q is also at least that of ``scan``.

Ties. Where many scores are equal (zeros of counts), the threshold covers more than was asked for. A threshold can break
such ties at random: of the scores equal to it, it covers the ``share`` that is still missing. Scores are then ordered
as pairs (score, independent uniform number), which tie with probability 0, and all of the above holds for pairs (V.
Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World" (2005), section 2.2.7).

Sources: Y. Romano, E. Patterson, E. Candes, "Conformalized Quantile Regression", NeurIPS 2019 (arXiv:1905.03222); Y.
Lee, R. F. Barber, R. Willett, "Distribution-free inference with hierarchical data", 2023 (arXiv:2306.06342); for pac,
see ``exchangeability.allowed_misses``.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from .exchangeability import Unit, allowed_misses, decimal
from .ranks import conformal_rank, order_statistic
from .rounding import Doubles

# Number of halvings in the search for the share of covered ties, which is then exact to 2^-30.
_HALVINGS = 30


@dataclass(frozen=True, order=True)
class Threshold:
    """A threshold of scores; thresholds are ordered by value, then by share.

    Attributes
    ----------
    value
        Scores below it are covered.
    share
        Share of the scores equal to ``value`` that is covered, between 0 and 1.
    n
        Number of exchangeable units, pixels or scans.
    k
        How many of them the threshold takes; more than ``n`` where ``value`` is infinite.
    """

    value: float
    share: float
    n: int
    k: int


def threshold(
    unit: Unit,
    scans: Sequence[Doubles],
    probability: float | Fraction,
    confidence: float | Fraction,
    ties: bool = False,
) -> Threshold:
    """Compute the threshold for a unit of exchangeability.

    Parameters
    ----------
    unit
        What is exchangeable.
    scans
        Scores of each scan, sorted unless the unit is pixel.
    probability
        Share of further scores that the threshold covers.
    confidence
        Confidence of the statement, for pac alone.
    ties
        Whether ties are broken at random.

    Returns
    -------
    Threshold
        Infinite where there are too few pixels or scans.
    """
    if unit == "pixel":
        return pixel_threshold(np.concatenate(scans) if scans else np.zeros(0), probability, ties)
    if unit == "scan":
        return scan_threshold(scans, probability, ties)
    return pac_threshold(scans, probability, confidence, ties)


def pixel_threshold(scores: ArrayLike, probability: float | Fraction, ties: bool = False) -> Threshold:
    """Compute the threshold of the unit pixel: the score at the conformal rank of the pooled scores.

    Parameters
    ----------
    scores
        Scores of all pixels, of any shape, in any order.
    probability
        Share of further scores that the threshold covers.
    ties
        Whether ties are broken at random.

    Returns
    -------
    Threshold
        Infinite where the rank exceeds the number of scores.
    """
    flat = np.asarray(scores, dtype=np.float64).ravel()
    k = conformal_rank(flat.size, probability)
    value = order_statistic(flat, k)
    share = 1.0
    if ties and math.isfinite(value):
        share = _share_of_ties(np.sort(flat), value, (flat.size + 1) * decimal(probability))
    return Threshold(value, share, flat.size, k)


def scan_threshold(scans: Sequence[Doubles], probability: float | Fraction, ties: bool = False) -> Threshold:
    """Compute the threshold of the unit scan: the smallest at which the shares of all K scans sum to (K+1) probability.

    Exact: shares are added as fractions, not as floats.

    Parameters
    ----------
    scans
        Sorted scores of each scan.
    probability
        Share of the pixels of a further scan that the threshold covers, in the mean.
    ties
        Whether ties are broken at random.

    Returns
    -------
    Threshold
        Infinite where there are too few scans.
    """
    n, wanted = len(scans), (len(scans) + 1) * decimal(probability)
    k = math.ceil(wanted)
    if k > n:
        return Threshold(math.inf, 1.0, n, k)

    def reached(value: float, side: Literal["left", "right"] = "right") -> Fraction:
        return sum((Fraction(int(np.searchsorted(s, value, side=side)), s.size) for s in scans), Fraction(0))

    value = _smallest(_merged(scans), lambda value: reached(value) >= wanted)
    share = 1.0
    if ties:
        below = reached(value, "left")
        share = float((wanted - below) / (reached(value) - below))
    return Threshold(value, share, n, k)


def pac_threshold(
    scans: Sequence[Doubles], probability: float | Fraction, confidence: float | Fraction, ties: bool = False
) -> Threshold:
    """Compute the threshold of the unit pac, for which both of its statements hold with a confidence.

    It is the largest of three thresholds: one per statement, and that of the unit scan.

    Parameters
    ----------
    scans
        Sorted scores of each scan.
    probability
        Share p in both statements (see the module).
    confidence
        Confidence of each statement.
    ties
        Whether ties are broken at random.

    Returns
    -------
    Threshold
        Infinite where there are too few scans.
    """
    n, p = len(scans), decimal(probability)
    k = n + 1 - allowed_misses(n, 1 - p, 1 - decimal(confidence))
    if k > n:
        return Threshold(math.inf, 1.0, n, k)
    own = []
    for scores in scans:
        value = float(scores[max(1, math.ceil(scores.size * p)) - 1])
        own.append(Threshold(value, _share_of_ties(scores, value, scores.size * p) if ties else 1.0, n, k))
    together = _product_threshold(scans, p, 1 - decimal(confidence), ties)
    least = scan_threshold(scans, p, ties)
    return max(sorted(own)[k - 1], *(Threshold(q.value, q.share, n, k) for q in (together, least)))


def _product_threshold(scans: Sequence[Doubles], p: Fraction, delta: Fraction, ties: bool) -> Threshold:
    """The smallest threshold with F_1 F_2 ... F_K >= p^K / delta, which is statement (2) of pac."""
    n = len(scans)
    # Whole numbers keep this exact: the inequality, multiplied by all sizes and denominators.
    wanted = p.numerator**n * delta.denominator * math.prod(scores.size for scores in scans)
    scale = p.denominator**n * delta.numerator

    def counts(value: float, side: Literal["left", "right"]) -> list[int]:
        return [int(np.searchsorted(scores, value, side=side)) for scores in scans]

    def reached(value: float) -> bool:
        return math.prod(counts(value, "right")) * scale >= wanted

    candidates = _merged(scans)
    if not reached(candidates[-1]):
        return Threshold(math.inf, 1.0, n, n + 1)
    value = _smallest(candidates, reached)
    share = 1.0
    if ties:
        below, upto = counts(value, "left"), counts(value, "right")
        least, most = Fraction(0), Fraction(1)
        for _ in range(_HALVINGS):
            middle = (least + most) / 2
            product = math.prod(a + middle * (b - a) for a, b in zip(below, upto, strict=True))
            if product * scale >= wanted:
                most = middle
            else:
                least = middle
        share = float(most)
    return Threshold(value, share, n, n)


def _share_of_ties(scores: Doubles, value: float, wanted: Fraction) -> float:
    """Share of the scores equal to ``value`` that must be covered so that ``wanted`` of the sorted ``scores`` are."""
    below, upto = (int(np.searchsorted(scores, value, side=side)) for side in ("left", "right"))
    return min(1.0, float((wanted - below) / (upto - below)))


def _merged(scans: Sequence[Doubles]) -> Doubles:
    """All scores in order; the stable sort merges runs that are sorted already."""
    return np.sort(np.concatenate(scans), kind="stable")


def _smallest(candidates: Doubles, reached: Callable[[float], bool]) -> float:
    """The smallest of the sorted ``candidates`` for which ``reached`` is true; it must be true for the last."""
    return float(candidates[bisect_left(candidates, True, hi=candidates.size - 1, key=reached)])
