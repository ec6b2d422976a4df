"""The estimate of the mean of the reference from the median, as a piecewise line; for skewed counts it lies higher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Largest number of classes of the predicted median, each of which gives a knot, and fewest pixels of a class.
MEAN_BINS = 20
_PIXELS_OF_A_CLASS = 100


def fit_mean(median: Floats, target: Floats, bins: int = MEAN_BINS) -> dict[str, list[float]]:
    """Fit the shift from the median to the mean of the target, as a piecewise linear function of the median.

    Pixels are sorted by predicted median and cut into classes of equal size. The knot of a class is the mean of its
    medians and the mean of target minus median. The shift is linear between knots and constant beyond them. Finally a
    constant is added to all shifts, which makes the mean over all these pixels exact.

    Parameters
    ----------
    median, target
        Predicted medians and targets of the same pixels, flat, in the unit of the reference.
    bins
        Largest number of classes; fewer are made where a class would have less than 100 pixels.

    Returns
    -------
    dict
        "median" and "shift" of the knots, lists of one length, in the unit of the reference.
    """
    order = np.argsort(median, kind="stable")
    by_knot: dict[float, list[float]] = {}
    for part in np.array_split(order, min(bins, max(1, median.size // _PIXELS_OF_A_CLASS))):
        knot = float(median[part].mean(dtype=np.float64))
        # Classes with the same mean of medians make one knot.
        by_knot.setdefault(knot, []).append(float((target[part].astype(np.float64) - median[part]).mean()))
    knots = {"median": list(by_knot), "shift": [float(np.mean(shifts)) for shifts in by_knot.values()]}
    rest = float((target.astype(np.float64) - median - shift_of(median, knots)).mean())
    return {"median": knots["median"], "shift": [shift + rest for shift in knots["shift"]]}


def shift_of(median: Floats, knots: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Interpolate what is to be added to the median.

    Parameters
    ----------
    median
        Predicted medians, of any shape.
    knots
        What :func:`fit_mean` returns.

    Returns
    -------
    ndarray
        float64 of the shape of ``median``.
    """
    return np.interp(median, knots["median"], knots["shift"])
