"""The learning rate over the steps of a training: one cycle."""

from __future__ import annotations

import math

WARM_UP = 0.2  # share of the steps in which the learning rate rises


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Learning rate at ``step`` of ``steps``: a cosine rise to ``peak``, then a cosine fall towards zero.

    References
    ----------
    Smith and Topin, arXiv:1708.07120, with cosine annealing on both sides.
    """
    rise = max(1, int(WARM_UP * steps))
    if step < rise:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * step / rise)) / 2)
    return peak * (0.002 + 0.998 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2)
