"""The learning rate over the steps of a training: one cycle of rise and fall."""

from __future__ import annotations

import math

WARM_UP = 0.2  # share of the steps in which the learning rate rises


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Learning rate at one step: a cosine rise from 4 % of the peak, then a cosine fall towards 0.2 % of it.

    Parameters
    ----------
    step
        Number of the step, from 0.
    steps
        Number of all steps; the rate rises in the share ``WARM_UP`` of them.
    peak
        Largest learning rate.

    Returns
    -------
    float
        The learning rate.

    References
    ----------
    Smith and Topin, arXiv:1708.07120, with cosine annealing on both sides.
    """
    rise = max(1, int(WARM_UP * steps))
    if step < rise:
        return peak * (0.04 + 0.96 * (1 - math.cos(math.pi * step / rise)) / 2)
    return peak * (0.002 + 0.998 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise))) / 2)
