"""Order of the regions that deserve attention: those above a threshold, and boxes to measure again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label


def rank_regions(above: NDArray[np.bool_], excess: NDArray[np.floating[Any]]) -> list[dict[str, Any]]:
    """Find the connected regions above a threshold, highest score first.

    Pixels that share only a corner are connected. The score of a region is the sum of ``excess`` over its pixels, so
    that large and clearly exceeding regions come first.

    Parameters
    ----------
    above
        Where the threshold is exceeded, ([Z], Y, X).
    excess
        Lower bound minus threshold, of the same shape, in the unit of the reference.

    Returns
    -------
    list of dict
        Per region: "score", "pixels" (their number) and "bounds", one (start, stop) in px per axis.
    """
    return ranked_labels(above, excess)[0]


def ranked_labels(
    above: NDArray[np.bool_], excess: NDArray[np.floating[Any]]
) -> tuple[list[dict[str, Any]], NDArray[np.intp]]:
    """Find the regions of :func:`rank_regions`, and which pixels belong to each.

    Parameters
    ----------
    above, excess
        As of :func:`rank_regions`.

    Returns
    -------
    regions : list of dict
        As of :func:`rank_regions`.
    labels : ndarray
        intp of the shape of ``above``: 1 for the first region, 2 for the second, and 0 elsewhere.
    """
    labels, count = label(above, connectivity=above.ndim, return_num=True)  # type: ignore[no-untyped-call,unused-ignore]
    flat = labels.ravel()
    scores = np.bincount(flat, weights=np.where(above, excess, 0).ravel(), minlength=count + 1)[1:]
    pixels = np.bincount(flat, minlength=count + 1)[1:]
    found = ndimage.find_objects(labels)
    order = np.argsort(-scores, kind="stable")
    regions = [
        {
            "score": float(scores[i]),
            "pixels": int(pixels[i]),
            "bounds": [(part.start, part.stop) for part in found[i]],
        }
        for i in order
    ]
    rank = np.zeros(count + 1, dtype=np.intp)
    rank[order + 1] = np.arange(1, count + 1)
    return regions, rank[labels]


def remeasure_boxes(need: NDArray[np.float64], size: int, count: int) -> list[dict[str, Any]]:
    """Choose boxes to measure again, highest mean of ``need`` first; boxes do not overlap.

    Parameters
    ----------
    need
        How much each pixel deserves another measurement, ([Z], Y, X).
    size
        Side of a box in px. Along an axis shorter than that, a box spans the whole axis.
    count
        Largest number of boxes.

    Returns
    -------
    list of dict
        As of :func:`rank_regions`; "score" is the mean of ``need`` in the box.
    """
    sides = tuple(min(int(size), extent) for extent in need.shape)
    sums = need
    for axis, side in enumerate(sides):
        running = np.insert(np.cumsum(sums, axis=axis), 0, 0.0, axis=axis)
        ends = np.arange(side, running.shape[axis])
        sums = running.take(ends, axis=axis) - running.take(ends - side, axis=axis)
    means = sums / math.prod(sides)
    boxes: list[dict[str, Any]] = []
    while len(boxes) < count and np.isfinite(means).any():
        corner = np.unravel_index(int(np.argmax(means)), means.shape)
        bounds = [(int(start), int(start) + side) for start, side in zip(corner, sides, strict=True)]
        boxes.append({"score": float(means[corner]), "pixels": math.prod(sides), "bounds": bounds})
        # A box overlaps this one if its first corner is less than one side away along every axis.
        near = tuple(slice(max(0, start - side + 1), stop) for (start, stop), side in zip(bounds, sides, strict=True))
        means[near] = -np.inf
    return boxes
