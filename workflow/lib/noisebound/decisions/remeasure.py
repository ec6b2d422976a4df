"""Which boxes to measure again: where more dose lowers the error of the signal most."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ..files.predictions import Predictions
from ..geometry.blocks import block_labels
from .rank_regions import remeasure_boxes

logger = logging.getLogger("noisebound")
Doubles = NDArray[np.float64]
# Dose of the second measurement relative to the first.
DOSE = 1.0
# Blocks along each axis of a box, whose scores tell how far the score of the box can be trusted.
PARTS = 4
# Two boxes are told apart where their scores differ by more than 1.96 standard errors of the difference.
_TOLD_APART = float(norm.ppf(0.975))


def width_as_sd(images: Predictions) -> Doubles:
    """Read the primary intervals as those of a normal distribution.

    Parameters
    ----------
    images
        The calibrated images of one scan.

    Returns
    -------
    ndarray
        Standard deviation (C, [Z], Y, X) whose interval at the primary coverage is as wide; not finite where that is
        infinite. It holds the noise of the reference, where the intervals do.
    """
    width = images.read("upper").astype(np.float64) - images.read("lower")
    return np.asarray(width / (2 * norm.ppf((1 + (images.primary or 0.0)) / 2)))


def expected_drop(
    median: NDArray[np.floating[Any]], signal_sd: NDArray[np.floating[Any]], structured: Sequence[bool]
) -> Doubles:
    """Compute by how much another measurement is expected to lower the squared error of the signal.

    Parameters
    ----------
    median
        Denoised image, (C, [Z], Y, X).
    signal_sd
        Standard deviation of its error about the signal at each pixel, of the same shape and unit.
    structured
        Per channel, whether it shows structure; other channels say nothing about places.

    Returns
    -------
    ndarray
        float64 ([Z], Y, X), without unit: the drop in units of the variance of each channel's image, summed over
        structured channels. A channel without variance or with an error that is not finite is left out; all is 0
        where none is left.

    Notes
    -----
    With the relative dose d added, the noise behind a denoised value falls by 1 / (1 + d), and so does its squared
    error sigma^2 as far as noise causes it, directly or by keeping the networks from fine structure: the drop is
    sigma^2 d / (1 + d). In simulations (``benchmarks/promises/remeasure.py``) boxes chosen so gain more than boxes
    chosen by the posterior variance of single pixels, 1 / (1 / sigma^2 + d / v) with the variance v of a noisy pixel:
    the latter forgets that neighbours are measured again too.
    """
    total = np.zeros(median.shape[1:])
    for c, use in enumerate(structured):
        variance = float(median[c].astype(np.float64).var())
        if use and variance > 0 and np.isfinite(signal_sd[c]).all():
            total += np.square(signal_sd[c].astype(np.float64)) * (DOSE / (1 + DOSE) / variance)
        else:
            logger.info("channel %d shows no structure or has an unknown error; it does not rank boxes", c)
    return total


def ranked_boxes(need: Doubles, size: int, count: int) -> list[dict[str, Any]]:
    """Choose boxes to measure again, and give those that cannot be told apart one rank.

    Parameters
    ----------
    need
        What :func:`expected_drop` returns.
    size
        Side of a box in px.
    count
        Largest number of boxes.

    Returns
    -------
    list of dict
        As of :func:`noisebound.decisions.rank_regions.remeasure_boxes`, with "score_error", the standard error of the
        score, and "rank" (see :func:`shared_ranks`). No boxes where ``need`` is 0 everywhere.
    """
    if not need.any():
        return []
    boxes = remeasure_boxes(need, size, count)
    for box in boxes:
        box["score_error"] = score_error(need[tuple(slice(*bounds) for bounds in box["bounds"])])
    for box, rank in zip(boxes, shared_ranks(boxes), strict=True):
        box["rank"] = rank
    return boxes


def score_error(need: Doubles) -> float:
    """Compute the standard error of the mean of ``need`` in a box, from blocks of a quarter of its side.

    Parameters
    ----------
    need
        The values in the box, ([Z], Y, X).

    Returns
    -------
    float
        Standard deviation of the means of blocks over the root of their number; infinite for a single block.
    """
    labels, _ = block_labels(need.shape, max(1, math.ceil(max(need.shape) / PARTS)))
    means = np.bincount(labels.ravel(), weights=need.ravel()) / np.bincount(labels.ravel())
    return float(means.std(ddof=1) / math.sqrt(means.size)) if means.size > 1 else math.inf


def shared_ranks(boxes: Sequence[Mapping[str, Any]]) -> list[int]:
    """Rank boxes by score; a box that is not told apart from the best of its rank shares that rank.

    Parameters
    ----------
    boxes
        Their "score" and "score_error", in falling order of the score.

    Returns
    -------
    list of int
        Ranks from 1, as in sports: 1, 1, 3.
    """
    ranks: list[int] = []
    best = 0
    for i, box in enumerate(boxes):
        error = math.hypot(boxes[best]["score_error"], box["score_error"])
        if boxes[best]["score"] - box["score"] > _TOLD_APART * error:
            best = i
        ranks.append(best + 1)
    return ranks
