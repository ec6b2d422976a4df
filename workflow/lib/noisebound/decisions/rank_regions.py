"""Regions in the order in which they deserve attention: those that exceed a threshold, and boxes to measure again."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label

from ..files.predictions import Predictions

logger = logging.getLogger("noisebound")


def rank_regions(above: NDArray[np.bool_], excess: NDArray[np.floating[Any]]) -> list[dict[str, Any]]:
    """Connected regions of ``above`` (corners connect), by falling score.

    Parameters
    ----------
    above
        Where the threshold is exceeded.
    excess
        Lower bound minus threshold, of the same shape. The score is its sum over the pixels of a region: large and
        clearly exceeding places come first.

    Returns
    -------
    list of dict
        "score", "pixels" and "bounds", one (start, stop) per axis, of each region.
    """
    labels, count = label(above, connectivity=above.ndim, return_num=True)  # type: ignore[no-untyped-call,unused-ignore]
    flat = labels.ravel()
    scores = np.bincount(flat, weights=np.where(above, excess, 0).ravel(), minlength=count + 1)[1:]
    pixels = np.bincount(flat, minlength=count + 1)[1:]
    found = ndimage.find_objects(labels)
    return [
        {
            "score": float(scores[i]),
            "pixels": int(pixels[i]),
            "bounds": [(part.start, part.stop) for part in found[i]],
        }
        for i in np.argsort(-scores, kind="stable")
    ]


def relative_width(denoised: Predictions) -> NDArray[np.float64]:
    """Width of the primary interval relative to each channel's range, summed over channels; shape (*spatial).

    The range of a channel is the distance between the 5 % and 95 % quantiles of its median image. Channels without
    range, or with infinite intervals, say nothing about places and are left out.
    """
    total = np.zeros(denoised.shape)
    for c, name in enumerate(denoised.channels):
        low, high = np.quantile(denoised.read("median", channel=c), [0.05, 0.95])
        width = denoised.read("upper", channel=c).astype(np.float64) - denoised.read("lower", channel=c)
        if high > low and np.isfinite(width).all():
            total += width / (high - low)
        else:
            logger.info("channel %s has no range or no finite interval; it does not rank regions", name)
    return total


def remeasure_boxes(need: NDArray[np.float64], size: int, count: int) -> list[dict[str, Any]]:
    """Boxes that do not overlap, greedily by the highest mean of ``need``.

    Parameters
    ----------
    need
        How much each pixel deserves another measurement, (*spatial).
    size
        Side of a box in px; along an axis shorter than that, a box spans the axis.
    count
        Most boxes.

    Returns
    -------
    list of dict
        As of :func:`rank_regions`; the score is the mean of ``need`` in the box.
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
        # Corners within one side of this one, along every axis, would overlap it.
        near = tuple(slice(max(0, start - side + 1), stop) for (start, stop), side in zip(bounds, sides, strict=True))
        means[near] = -np.inf
    return boxes
