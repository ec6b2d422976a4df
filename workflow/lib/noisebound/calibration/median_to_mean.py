"""From the median to the mean of the reference, which for skewed counts lies above it: knots of a piecewise line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
# Classes of the predicted median, at most, and the fewest pixels of one; each gives a knot.
MEAN_BINS = 20
_PIXELS_OF_A_CLASS = 100


def fit_mean(median: Floats, target: Floats, bins: int = MEAN_BINS) -> dict[str, list[float]]:
    """Fit the shift from the median to the mean, as a piecewise linear function of the median.

    The pixels are cut into equally large classes of the predicted median; a knot is the mean of a class's medians and
    the mean of what its targets exceed them by. Between knots the shift is linear, beyond them constant. A last
    constant makes the mean over all these pixels exact.

    Parameters
    ----------
    median, target
        Predicted medians and targets, flat and parallel.
    bins
        Most classes; there is one for every 100 pixels or fewer.

    Returns
    -------
    dict
        "median" and "shift", the knots, both of one length.
    """
    order = np.argsort(median, kind="stable")
    by_knot: dict[float, list[float]] = {}
    for part in np.array_split(order, min(bins, max(1, median.size // _PIXELS_OF_A_CLASS))):
        knot = float(median[part].mean(dtype=np.float64))
        # Classes of one and the same median make one knot.
        by_knot.setdefault(knot, []).append(float((target[part].astype(np.float64) - median[part]).mean()))
    knots = {"median": list(by_knot), "shift": [float(np.mean(shifts)) for shifts in by_knot.values()]}
    rest = float((target.astype(np.float64) - median - shift_of(median, knots)).mean())
    return {"median": knots["median"], "shift": [shift + rest for shift in knots["shift"]]}


def shift_of(median: Floats, knots: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """What is to be added to each ``median`` (any shape), float64, by the ``knots`` of :func:`fit_mean`."""
    return np.interp(median, knots["median"], knots["shift"])
