"""Single places where a measurement contradicts the image: lost or invented features, misses beside a reference."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from ..geometry.boxes import Box
from .block_statistics import Doubles
from .local_images import Tile, scales_of
from .local_kernels import SCALES
from .local_scores import Measured, deviations
from .local_usual import LocalUsual

# Around a peak, weaker ones of the same direction within so many standard deviations of its window belong to it: the
# windows of two places at that distance share a tenth of their weight.
_APART = 3.0
# Share of the largest deviation nearby that a peak has at least.
_NEAR = 0.9


class Peak(NamedTuple):
    """A pixel around which a measurement contradicts the image most.

    Parameters
    ----------
    channel
        Number of the channel.
    at
        The pixel of the scan.
    scale
        Standard deviation in pixels of the window in which the place stands out most.
    sigma
        How far the measurement lies above the image there, in standard deviations of what is usual; negative where it
        lies below.
    """

    channel: int
    at: tuple[int, ...]
    scale: float
    sigma: float


def search(
    measured: Sequence[Measured], tile: Tile, box: Box, usual: LocalUsual, spreads: Doubles, level: float
) -> Iterator[Peak]:
    """Find the peaks of one tile.

    Parameters
    ----------
    measured
        Per channel, the measurement of ``tile.outer`` and what the image predicts.
    tile, box
        The tile, and the box that it is a part of.
    usual
        What deviations are usual.
    spreads
        (C, S) float64, standard deviations of noise that count as one.
    level
        Standard deviations above which a place is found.

    Yields
    ------
    Peak
        Pixels that stand out at any scale, about as much as any pixel nearby, channel by channel.
    """
    scales = scales_of(box)
    reach = math.ceil(scales[-1])
    # The pixels around the tile tell whether a pixel at its edge is a peak.
    lengths = [outer.stop - outer.start for outer in tile.outer]
    wider = tuple(
        slice(max(part.start - reach, 0), min(part.stop + reach, length))
        for part, length in zip(tile.inner, lengths, strict=True)
    )
    own = tuple(
        slice(part.start - wide.start, part.stop - wide.start) for part, wide in zip(tile.inner, wider, strict=True)
    )
    origin = [outer.start + part.start for outer, part in zip(tile.outer, tile.inner, strict=True)]
    for channel, one in enumerate(measured):
        best = np.zeros(tuple(part.stop - part.start for part in wider))
        of_scale = np.zeros(best.shape, np.int8)
        for found in deviations(one, scales):
            number = SCALES.index(found.scale)
            judged = usual.without(found, channel)[wider] / spreads[channel, number]
            larger = np.abs(judged) > np.abs(best)
            best[larger], of_scale[larger] = judged[larger], number
        for sign in (1, -1):
            peaks = _near_largest(sign * best, of_scale, scales, level)[own]
            for at in zip(*np.nonzero(peaks), strict=True):
                pixel = tuple(int(i) + start for i, start in zip(at, origin, strict=True))
                yield Peak(channel, pixel, SCALES[of_scale[own][at]], float(best[own][at]))


def _near_largest(
    towards: Doubles, of_scale: NDArray[np.int8], scales: Sequence[float], level: float
) -> NDArray[np.bool_]:
    """Pixels above the level and near the largest within a standard deviation of their window, along every axis.

    Along a needle and on a plateau these are many pixels, so that its whole extent is listed; on the flank of a peak
    there are none.
    """
    found = towards > level
    if found.any():
        for scale in scales:
            mine = found & (of_scale == SCALES.index(scale))
            if mine.any():
                largest = ndimage.maximum_filter(towards, size=2 * math.ceil(scale) + 1)
                found &= ~mine | (towards >= _NEAR * largest)
    return found


def distinct(peaks: Sequence[Peak]) -> list[Peak]:
    """Leave one peak per place, and sort them.

    Parameters
    ----------
    peaks
        Peaks of all tiles.

    Returns
    -------
    list of Peak
        The strongest first. None lies, along every axis, within 3 standard deviations of the window of a stronger one
        of the same channel and direction.
    """
    found: list[Peak] = []
    ordered = sorted(peaks, key=lambda peak: (peak.channel, peak.sigma > 0, -abs(peak.sigma), peak.at))
    for _, group in itertools.groupby(ordered, key=lambda peak: (peak.channel, peak.sigma > 0)):
        own = list(group)
        tree = KDTree([peak.at for peak in own])
        left = np.ones(len(own), bool)
        for number, peak in enumerate(own):
            if left[number]:
                found.append(peak)
                left[tree.query_ball_point(peak.at, _APART * peak.scale, p=np.inf)] = False
    return sorted(found, key=lambda peak: (-abs(peak.sigma), peak.channel, peak.at))


def chosen(peaks: Sequence[Peak], most: int) -> list[Peak]:
    """Choose peaks fairly where there are too many.

    Parameters
    ----------
    peaks
        The strongest first.
    most
        Number of them to choose.

    Returns
    -------
    list of Peak
        The strongest first. Channels take turns, and in each the widest places and smaller ones, so that one channel or
        wide places cannot crowd out the others.
    """
    if len(peaks) <= most:
        return list(peaks)
    turns: dict[tuple[int, bool], int] = {}
    order = []
    for number, peak in enumerate(peaks):
        key = peak.channel, peak.scale >= SCALES[-1]
        order.append((turns.get(key, 0), number))
        turns[key] = turns.get(key, 0) + 1
    return [peaks[number] for number in sorted(number for _, number in sorted(order)[:most])]
