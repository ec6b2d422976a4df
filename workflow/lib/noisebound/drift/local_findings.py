"""Findings on single places of one scan, as parts of ``drift/<scan>.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ..files.predictions import Predictions
from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .local_images import NoisyFrame, scales_of, tiles_of
from .local_limits import limits
from .local_scores import Measured
from .local_threshold import threshold
from .local_usual import LocalUsual
from .place_figures import about_place, around, in_tiles, rounded
from .places import Peak, chosen, distinct, search

# Most places that a file lists.
LISTED = 1000


class Frame(Protocol):
    """A measurement beside what the image predicts of it."""

    channels: tuple[str, ...]

    def read(self, region: Region) -> list[Measured]:
        """Read a region, one ``Measured`` per channel."""


def find_places(frame: Frame, box: Box, usual: LocalUsual) -> tuple[list[Peak], Doubles]:
    """Search a scan for places that contradict its image.

    Parameters
    ----------
    frame
        The measurement, and what the image predicts.
    box
        The part of the scan that is searched.
    usual
        What deviations are usual.

    Returns
    -------
    places : list of Peak
        The strongest first.
    levels : NDArray
        (C, S) float64, thresholds in standard deviations of noise. Noise alone exceeds them in at most 1 of 100 scans;
        where the calibrate regions show larger deviations, so do the thresholds.
    """
    level = threshold([box.shape], len(frame.channels))
    spreads = usual.spreads(level, box.size)
    tiles = tiles_of(box)
    peaks = [peak for tile in tiles for peak in search(frame.read(tile.outer), tile, box, usual, spreads, level)]
    return distinct(peaks), level * spreads


def local_findings(frame: NoisyFrame, box: Box, usual: LocalUsual, images: Predictions | None = None) -> dict[str, Any]:
    """Search a noisy frame for features that the image lost or invented.

    Parameters
    ----------
    frame
        The noisy frame, and what the image predicts of it.
    box
        The part of the scan that is searched.
    usual
        What deviations the calibrate regions show.
    images
        The denoised images, of which averages are given beside those of the noisy frame.

    Returns
    -------
    dict
        ``places``, at most 1000 (see :func:`noisebound.drift.places.chosen`), the strongest first, each with what
        :func:`noisebound.drift.place_figures.about_place` and ``around`` say. ``predicted`` and ``measured`` are in the
        unit of the noisy frame. ``local``: ``total`` places and their number by channel (``channels``), the number of
        ``pixels`` that were searched, the lowest ``level`` in standard deviations, whether values are ``counts``, and
        ``smallest`` (see :func:`noisebound.drift.local_limits.limits`).
    """
    peaks, levels = find_places(frame, box, usual)
    about = totals(peaks, frame.channels, box) | {"level": round(float(levels.min()), 2), "counts": frame.counts}
    smallest = limits(levels, scales_of(box), frame, len(box.lower))
    return {"places": listed(frame, peaks, box, images), "local": about | {"smallest": smallest}}


def totals(peaks: Sequence[Peak], channels: Sequence[str], box: Box) -> dict[str, Any]:
    """Count places.

    Parameters
    ----------
    peaks
        All places.
    channels
        Names of the channels.
    box
        The part of the scan that was searched.

    Returns
    -------
    dict
        ``total``, ``channels`` (number by channel) and ``pixels`` (that were searched).
    """
    numbers = [peak.channel for peak in peaks]
    by_channel = {name: numbers.count(c) for c, name in enumerate(channels)}
    return {"total": len(peaks), "channels": by_channel, "pixels": box.size}


def listed(frame: Frame, peaks: Sequence[Peak], box: Box, images: Predictions | None) -> list[dict[str, Any]]:
    """Describe the places that a file lists.

    Parameters
    ----------
    frame
        The measurement, and what the image predicts.
    peaks
        All places, the strongest first.
    box
        The part of the scan that was searched.
    images
        The denoised images, if averages of them are wanted.

    Returns
    -------
    list of dict
        At most 1000, with numbers rounded to four digits.
    """
    kept = chosen(peaks, LISTED)
    found: dict[int, dict[str, Any]] = {}
    for region, inside in in_tiles(kept, box):
        measured = frame.read(region)
        for number, at in inside.items():
            figures = around(kept[number], at, measured, region, images)
            found[number] = about_place(kept[number], frame.channels, box) | {
                key: [rounded(end) for end in value]
                if isinstance(value, list)
                else rounded(value)
                if isinstance(value, float)
                else value
                for key, value in figures.items()
            }
    return [found[number] for number in range(len(kept))]
