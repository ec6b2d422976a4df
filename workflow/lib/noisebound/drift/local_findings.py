"""Findings on single places of one scan, as parts of ``drift/<scan>.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .local_images import NoisyFrame, scales_of, tiles_of
from .local_kernels import SCALES, sum_of_squares, surprise
from .local_scores import Measured
from .local_threshold import threshold
from .local_usual import LocalUsual
from .places import Place, merged, search

# Most places that are listed.
LISTED = 20
# Standard deviations above the threshold at which 9 of 10 objects are found.
_NINE_OF_TEN = 1.28


class Frame(Protocol):
    """A measurement beside what the image predicts of it."""

    channels: tuple[str, ...]

    def read(self, region: Region) -> list[Measured]:
        """Read a region, one ``Measured`` per channel."""


def find_places(frame: Frame, boxes: Sequence[Box], usual: LocalUsual) -> tuple[list[Place], Doubles]:
    """Search a scan for places that contradict its image.

    Parameters
    ----------
    frame
        The measurement, and what the image predicts.
    boxes
        Parts of the scan that are searched, at least one.
    usual
        What deviations are usual.

    Returns
    -------
    places : list of Place
        The strongest first.
    levels : NDArray
        (C, S) float64, thresholds in standard deviations of noise. Noise alone exceeds them in at most 1 of 100 scans;
        where the calibrate regions show larger deviations, so do the thresholds.
    """
    shapes = [box.shape for box in boxes]
    level = threshold(shapes, len(frame.channels))
    spreads = usual.spreads(level, sum(box.size for box in boxes))
    found = [
        place
        for box in boxes
        for tile in tiles_of(box)
        for place in search(frame.read(tile.outer), tile, box, usual, spreads, level)
    ]
    return merged(found), level * spreads


def local_findings(frame: NoisyFrame, boxes: Sequence[Box], usual: LocalUsual) -> dict[str, Any]:
    """Search a noisy frame for objects that the image lost or invented.

    Parameters
    ----------
    frame
        The noisy frame, and what the image predicts of it.
    boxes
        Parts of the scan that are searched, at least one.
    usual
        What deviations the calibrate regions show.

    Returns
    -------
    dict
        ``places``, at most 20, the strongest first, each with ``channel``, ``kind`` (lost or invented), ``lower``,
        ``upper``, ``size``, ``sigma`` (negative where the noisy frame lies below the image), ``predicted`` and
        ``measured`` (sums over the place for counts, else means). ``local``: ``total`` places, the lowest ``level`` in
        standard deviations, whether values are ``counts``, and ``smallest``, per channel the ``sigma`` from which 9 of
        10 objects are found.
    """
    places, levels = find_places(frame, boxes, usual)
    listed = []
    for place in places[:LISTED]:
        one = frame.read(place.region)[place.channel]
        add = np.sum if frame.counts else np.mean
        sums = {"predicted": rounded(float(add(one.predicted))), "measured": rounded(float(add(one.values)))}
        listed.append(place.to_json(frame.channels) | sums)
    scales = sorted({scale for box in boxes for scale in scales_of(box)})
    ndim = len(boxes[0].lower)
    smallest = [
        {"channel": name, "sigma": round(_smallest(levels[c], scales, frame, c, ndim), 1)}
        for c, name in enumerate(frame.channels)
    ]
    about = {"total": len(places), "level": round(float(levels.min()), 2), "counts": frame.counts, "smallest": smallest}
    return {"places": listed, "local": about}


def rounded(value: float) -> float:
    """Round a number for a file that people read.

    Parameters
    ----------
    value
        The number.

    Returns
    -------
    float
        Four significant digits.
    """
    return float(f"{value:.4g}")


def _smallest(levels: Doubles, scales: Sequence[float], frame: NoisyFrame, channel: int, ndim: int) -> float:
    """Strength from which 9 of 10 objects are found at every scale, for thresholds (S,) in standard deviations.

    An object of few counts stands out by fewer standard deviations than its counts over the root of those expected.
    """
    needed = [float(levels[SCALES.index(scale)]) + _NINE_OF_TEN for scale in scales]
    if not frame.counts or frame.mean[channel] <= 0:
        return max(needed)
    strengths = np.linspace(0, 10 * max(needed), 2000)
    found = []
    for scale, least in zip(scales, needed, strict=True):
        rate = float(frame.mean[channel])
        ratio = 1 + strengths * math.sqrt(sum_of_squares(scale, ndim) / rate)
        seen = surprise(ratio, np.full_like(ratio, rate), scale, ndim)
        found.append(float(np.interp(least, seen, strengths)))
    return max(found)
