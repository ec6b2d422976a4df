"""Conformal corrections of one channel, from the scores of its calibration pixels.

A correction is the threshold of the scores (see ``thresholds``). An interval whose ends are moved outwards by it holds
further targets as often as promised.

Source: Y. Romano, E. Patterson, E. Candes, "Conformalized Quantile Regression" (CQR), NeurIPS 2019 (arXiv:1905.03222).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .exchangeability import Unit, decimal
from .modes import Score
from .rounding import Doubles, subtract_up, up, width_of
from .thresholds import Threshold, threshold


def side_scores(lower: ArrayLike, upper: ArrayLike, target: ArrayLike, scaled: bool = False) -> tuple[Doubles, Doubles]:
    """Compute the scores of the lower and the upper ends, ``lower - target`` and ``target - upper``.

    Parameters
    ----------
    lower, upper, target
        Predicted quantiles and the target, of one shape, in the unit of the reference.
    scaled
        Whether to divide the scores by the predicted width, so that a correction is a multiple of it (CQR-r).

    Returns
    -------
    tuple of ndarray
        Scores of the lower and the upper ends, float64 of the shape of ``target``, rounded up.

    References
    ----------
    CQR-r: M. Sesia, E. Candes, "A comparison of some conformal quantile regression methods", Stat 9 (2020) e261.
    """
    low, high = subtract_up(lower, target), subtract_up(target, upper)
    if not scaled:
        return low, high
    width = width_of(lower, upper)
    # Twice, because both the width and the quotient were rounded.
    return up(up(low / width)), up(up(high / width))


def corrections(
    lower_scores: Any,
    upper_scores: Any,
    nominal: float,
    score: Score,
    unit: Unit = "pixel",
    confidence: float = 0.95,
    ties: bool = False,
) -> dict[str, Any]:
    """Compute the corrections of the two ends of an interval.

    Parameters
    ----------
    lower_scores, upper_scores
        Scores of the lower and of the upper ends (see :func:`side_scores`): one array for the unit pixel, otherwise one
        array per scan.
    nominal
        Coverage that the interval shall have.
    score
        "symmetric": both ends move by the threshold of the larger of their two scores (CQR, eq. 6-8). "asymmetric":
        each end moves by the threshold of its own scores, at half of 1 - ``nominal`` and, for pac, half of 1 -
        ``confidence`` (CQR, theorem 2).
    unit
        What is exchangeable.
    confidence
        Confidence of the unit pac.
    ties
        Whether ties are broken at random.

    Returns
    -------
    dict
        "lower", "upper": how far each end moves outwards; negative: inwards; infinite where "k" exceeds "n". "n", "k":
        see ``thresholds.Threshold``. With ``ties`` also "lower_share" and "upper_share": the share of the targets
        exactly on an end that is covered.
    """
    low, high = _parts(lower_scores, unit), _parts(upper_scores, unit)
    if score == "symmetric":
        both = [np.maximum(a, b) for a, b in zip(low, high, strict=True)]
        q = threshold(unit, _sorted(both, unit), nominal, confidence, ties)
        return _entry(q, q, ties)
    half, sure = (1 + decimal(nominal)) / 2, (1 + decimal(confidence)) / 2
    below, above = (threshold(unit, _sorted(side, unit), half, sure, ties) for side in (low, high))
    return _entry(below, above, ties)


def one_sided(
    lower_scores: Any, upper_scores: Any, level: float, unit: Unit = "pixel", confidence: float = 0.95
) -> dict[str, Any]:
    """Compute the corrections of one-sided bounds; each bound holds a further target with probability ``level``.

    All ties are covered.

    Parameters
    ----------
    lower_scores, upper_scores
        Scores of the lower and of the upper ends, as for :func:`corrections`.
    level
        Confidence of each bound.
    unit
        What is exchangeable.
    confidence
        Confidence of the unit pac.

    Returns
    -------
    dict
        "lower", "upper", "n" and "k", as :func:`corrections` returns them.
    """
    below, above = (
        threshold(unit, _sorted(_parts(side, unit), unit), level, confidence) for side in (lower_scores, upper_scores)
    )
    return _entry(below, above, False)


def _parts(scores: ArrayLike | Sequence[ArrayLike], unit: Unit) -> list[Doubles]:
    """Flat scores of each scan that has any; for the unit pixel, one flat array of all."""
    if unit == "pixel":
        return [np.asarray(scores, dtype=np.float64).ravel()]
    parts = [np.asarray(part, dtype=np.float64).ravel() for part in scores]  # type: ignore[union-attr]
    return [part for part in parts if part.size]


def _sorted(parts: list[Doubles], unit: Unit) -> list[Doubles]:
    return parts if unit == "pixel" else [np.sort(part) for part in parts]


def _entry(low: Threshold, high: Threshold, ties: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"lower": low.value, "upper": high.value, "n": low.n, "k": low.k}
    return entry | {"lower_share": low.share, "upper_share": high.share} if ties else entry
