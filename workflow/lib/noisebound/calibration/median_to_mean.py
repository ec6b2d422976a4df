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


def shrink_shift(
    knots: Mapping[str, Sequence[float]], median: Floats, target: Floats, blocks: NDArray[np.integer]
) -> dict[str, list[float]]:
    """Keep of each knot's shift what the blocks agree on.

    Few blocks give a shift that is mostly chance, and adding it makes the image worse than the median. So each shift is
    multiplied by the share of its square that is not chance.

    Parameters
    ----------
    knots
        What :func:`fit_mean` returns for these pixels.
    median, target
        Predicted medians and targets, flat, in the unit of the reference.
    blocks
        Number of the block of each pixel; the same pixels in all frames have one number.

    Returns
    -------
    dict
        "median" as before, and "shift" times max(0, 1 - e^2 / shift^2), where e is the standard error of the mean of
        target minus median over the blocks that hold pixels near the knot; 0 where these are in one block.

    References
    ----------
    B. Efron, C. Morris, "Stein's estimation rule and its competitors", JASA 68 (1973) 117: the positive part rule.
    """
    centres = np.asarray(knots["median"], dtype=np.float64)
    nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, median)
    rest = target.astype(np.float64) - median
    shifts = []
    for knot, shift in enumerate(knots["shift"]):
        mine = nearest == knot
        pixels = np.bincount(blocks[mine])
        sums = np.bincount(blocks[mine], weights=rest[mine])[pixels > 0]
        pixels = pixels[pixels > 0]
        if pixels.size < 2 or shift == 0:
            shifts.append(0.0)
            continue
        about = sums - sums.sum() / pixels.sum() * pixels
        variance = float(np.square(about).sum()) / float(pixels.sum()) ** 2 * pixels.size / (pixels.size - 1)
        shifts.append(float(shift) * max(0.0, 1 - variance / float(shift) ** 2))
    return {"median": [float(value) for value in centres], "shift": shifts}


def shift_of(median: Floats, knots: Mapping[str, Sequence[float]]) -> NDArray[np.float64]:
    """Interpolate what is to be added to the median.

    Parameters
    ----------
    median
        Predicted medians, of any shape.
    knots
        What :func:`fit_mean` or :func:`shrink_shift` returns.

    Returns
    -------
    ndarray
        float64 of the shape of ``median``.
    """
    return np.interp(median, knots["median"], knots["shift"])
