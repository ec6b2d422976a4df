"""The noisy frame of a scan beside what its image predicts of it, tile by tile, for the search of single places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .expected import Expected
from .local_kernels import reach
from .local_scores import Measured, noise_curve
from .local_threshold import usable

# Pixels per axis of a tile without its surroundings, in 2-D and in 3-D.
_TILE = {2: 1024, 3: 128}
# The widest window in 3-D would take most of the time for the fewest places.
_WIDEST = {2: 6.0, 3: 3.0}
# Expected counts are at least this share of the mean of their channel: where the image is 0, one count is no wonder.
FLOOR = 0.05
# Noise is estimated on at most so many tiles, and on about so many pixels of each.
NOISE_TILES = 16
_NOISE_PIXELS = 1 << 16
# Edge length in pixels of the blocks that tell the level, how many standard deviations off they may be, and how often
# that is judged anew.
_BLOCK, _FAR_OFF, _ROUNDS = 16, 4.0, 5


@dataclass(frozen=True)
class Tile:
    """One part of a box.

    Parameters
    ----------
    outer
        What is read: the tile and as much of the box around it as windows reach.
    inner
        The tile within ``outer``.
    """

    outer: Region
    inner: Region


def scales_of(box: Box) -> tuple[float, ...]:
    """Choose the scales that are searched in a box.

    Parameters
    ----------
    box
        The box.

    Returns
    -------
    tuple of float
        Standard deviations of windows in pixels.
    """
    return tuple(scale for scale in usable(box.shape) if scale <= _WIDEST[len(box.shape)])


def tiles_of(box: Box) -> Iterator[Tile]:
    """Cut a box into tiles with their surroundings inside the box.

    Parameters
    ----------
    box
        The box.

    Yields
    ------
    Tile
        Row by row; their inner parts are disjoint and cover the box.
    """
    ndim = len(box.lower)
    # As far as the widest window more, so that neighbours of the tile are known as well.
    halo = reach(2 * scales_of(box)[-1]) + math.ceil(scales_of(box)[-1])
    numbers = [-(-extent // _TILE[ndim]) for extent in box.shape]
    for index in np.ndindex(*numbers):
        starts = [low + i * _TILE[ndim] for low, i in zip(box.lower, index, strict=True)]
        stops = [min(start + _TILE[ndim], high) for start, high in zip(starts, box.upper, strict=True)]
        first = [max(start - halo, low) for start, low in zip(starts, box.lower, strict=True)]
        last = [min(stop + halo, high) for stop, high in zip(stops, box.upper, strict=True)]
        yield Tile(
            tuple(slice(low, high) for low, high in zip(first, last, strict=True)),
            tuple(slice(start - low, stop - low) for start, stop, low in zip(starts, stops, first, strict=True)),
        )


def thinned(image: Doubles) -> Doubles:
    """Take whole lines of a tile, evenly spaced along Y, to estimate noise on.

    Parameters
    ----------
    image
        (C, *spatial) float64.

    Returns
    -------
    NDArray
        (C, *spatial) float64, about 65536 pixels or all there are.
    """
    step = max(1, math.prod(image.shape[1:]) // _NOISE_PIXELS)
    return np.ascontiguousarray(image[..., ::step, :])


def block_sums(image: Doubles) -> Doubles:
    """Sum blocks of 16 px along each axis.

    Parameters
    ----------
    image
        (C, *spatial) float64.

    Returns
    -------
    NDArray
        (C, n) float64. Blocks at the far edges may be smaller.
    """
    for axis, extent in enumerate(image.shape[1:], 1):
        image = np.add.reduceat(image, np.arange(0, extent, _BLOCK), axis=axis)
    return image.reshape(len(image), -1)


def _level(noisy: Doubles, predicted: Doubles, sizes: Doubles, *, ratio: bool) -> float:
    """Ratio or difference per pixel of two measurements, from their sums (n,) over blocks without those far off.

    A block is far off where it deviates by more than 4 standard deviations, as the median deviation tells them.
    """
    base = predicted if ratio else sizes
    above = noisy if ratio else noisy - predicted
    known = base > 0
    if not known.any() or (ratio and above.sum() <= 0):
        return 1.0 if ratio else 0.0
    above, base = above[known], base[known]
    level = float(np.median(above / base))
    kept = np.ones(len(above), bool)
    for _ in range(_ROUNDS):
        off = np.abs(above - level * base) / np.sqrt(base)
        kept = off <= _FAR_OFF * 1.4826 * np.median(off)
        level = float(above[kept].sum() / base[kept].sum())
    return level if level > 0 or not ratio else float(above.sum() / base.sum())


class NoisyFrame:
    """The noisy frame of some boxes of a scan, beside the image's prediction of it.

    The prediction is brought to the level of the frame, channel by channel: by a factor for counts, by an offset
    otherwise. A level that differs throughout is no lost or invented object; the comparison of scans sees it. Blocks of
    16 px that are far off the level of most others do not count, so that a defect does not spoil the rest.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, and what the ensemble predicts.
    boxes
        The parts of the scan that are searched.
    expected
        What an image predicts of the noisy frame.
    """

    def __init__(self, scan: Scan, ensemble: Predictions, boxes: Sequence[Box], expected: Expected) -> None:
        self._scan, self._ensemble, self._expected = scan, ensemble, expected
        self.counts, self.channels = bool(scan.counts), tuple(scan.channels)
        tiles = [tile for box in boxes for tile in tiles_of(box)]
        step = -(-len(tiles) // NOISE_TILES)
        kept: list[tuple[Doubles, Doubles]] = []
        blocks: list[tuple[Doubles, Doubles, Doubles]] = []
        for number, tile in enumerate(tiles):
            noisy, predicted = (part[(slice(None), *tile.inner)] for part in self._read(tile.outer))
            blocks.append((block_sums(noisy), block_sums(predicted), block_sums(np.ones_like(noisy))))
            if not self.counts and number % step == 0:
                kept.append((thinned(noisy), thinned(predicted)))
        of_noisy, of_predicted, sizes = (np.concatenate(parts, axis=1) for parts in zip(*blocks, strict=True))
        size = sizes.sum(axis=1)
        mean = of_noisy.sum(axis=1) / size
        self._factor, self._offset = np.ones(len(mean)), np.zeros(len(mean))
        if self.counts:
            self._factor = np.array([_level(*of, ratio=True) for of in zip(of_noisy, of_predicted, sizes, strict=True)])
            overall = of_noisy.sum() / size.sum()
            self.floor = np.maximum(FLOOR * mean, FLOOR**2 * overall if overall > 0 else 1.0)
        else:
            each = zip(of_noisy, of_predicted, sizes, strict=True)
            self._offset = np.array([_level(*of, ratio=False) for of in each])
            self._curves = [
                noise_curve([own[c] for own, _ in kept], [image[c] + self._offset[c] for _, image in kept])
                for c in range(len(self.channels))
            ]
        #: (C,) float64, mean of the noisy frame.
        self.mean: Doubles = mean
        #: (C,) float64, standard deviation of its noise where it has its mean.
        self.noise: Doubles = np.sqrt(self.mean if self.counts else [np.interp(*at) for at in self._at_mean()])

    def _at_mean(self) -> Iterator[tuple[float, Doubles, Doubles]]:
        for mean, (knots, variance) in zip(self.mean, self._curves, strict=True):
            yield float(mean), knots, variance

    def _read(self, region: Region) -> tuple[Doubles, Doubles]:
        """The noisy frame and its prediction, (C, *spatial) float64 each."""
        noisy = self._scan.read_frame(self._ensemble.frame, region).astype(np.float64)
        mean = self._expected.mean(self._ensemble.read("median", region), self.counts)
        return noisy, self._expected.pattern(mean)

    def read(self, region: Region) -> list[Measured]:
        """Read a region.

        Parameters
        ----------
        region
            One slice per spatial axis.

        Returns
        -------
        list of Measured
            One per channel.
        """
        noisy, predicted = self._read(region)
        found = []
        for c, (values, image) in enumerate(zip(noisy, predicted, strict=True)):
            own = self._factor[c] * image + self._offset[c]
            variance: NDArray[np.float64]
            variance = np.maximum(own, self.floor[c]) if self.counts else np.interp(own, *self._curves[c])
            found.append(Measured(values, own, variance, self.counts))
        return found
