"""Single places where a measurement contradicts the image: lost and invented objects, and misses beside a reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .local_images import Tile, scales_of
from .local_kernels import SCALES, smooth, window
from .local_scores import Measured, deviations
from .local_usual import LocalUsual

# Full width at half maximum of a Gaussian, in units of its standard deviation.
FWHM = 2.3548
# Places that are compared with one another.
_JOINED = 1000


@dataclass(frozen=True)
class Place:
    """One place.

    Parameters
    ----------
    channel
        Number of the channel.
    lower, upper
        First pixel of the scan and the one after the last, per axis.
    peak
        The pixel of the scan around which the place stands out most.
    scale
        Standard deviation in pixels of the window in which it does.
    sigma
        How far the measurement lies above the image there, in standard deviations of what is usual; negative where it
        lies below.
    invented
        Whether the image shows more of an object there than the measurement does.
    tile
        First pixel of the tile in which the place was found.
    """

    channel: int
    lower: tuple[int, ...]
    upper: tuple[int, ...]
    peak: tuple[int, ...]
    scale: float
    sigma: float
    invented: bool
    tile: tuple[int, ...]

    @property
    def region(self) -> Region:
        """The pixels of the place, one slice per axis of the scan."""
        return tuple(slice(low, high) for low, high in zip(self.lower, self.upper, strict=True))

    def to_json(self, channels: Sequence[str]) -> dict[str, Any]:
        """List what ``drift/<scan>.json`` holds of the place.

        Parameters
        ----------
        channels
            Names of the channels.

        Returns
        -------
        dict
            ``channel``, ``kind`` (lost or invented), ``lower``, ``upper``, ``size`` (px, full width at half maximum)
            and ``sigma``.
        """
        return {
            "channel": channels[self.channel],
            "kind": "invented" if self.invented else "lost",
            "lower": list(self.lower),
            "upper": list(self.upper),
            "size": round(FWHM * self.scale, 1),
            "sigma": round(self.sigma, 2),
        }


def search(
    measured: Sequence[Measured], tile: Tile, box: Box, usual: LocalUsual, spreads: Doubles, level: float
) -> Iterator[Place]:
    """Find the places of one tile.

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
    Place
        Connected pixels that stand out in the same direction at any scale, channel by channel.
    """
    for channel, one in enumerate(measured):
        best = np.zeros(tuple(part.stop - part.start for part in tile.inner))
        at = np.zeros(best.shape, np.int8)
        for found in deviations(one, scales_of(box)):
            number = SCALES.index(found.scale)
            judged = usual.without(found, channel)[tile.inner] / spreads[channel, number]
            larger = np.abs(judged) > np.abs(best)
            best[larger], at[larger] = judged[larger], number
        for sign in (1, -1):
            labels, number = ndimage.label(sign * best > level, np.ones((3,) * best.ndim))
            if number:
                yield from _components(channel, one, tile, labels, (best, at))


def _components(
    channel: int, measured: Measured, tile: Tile, labels: NDArray[Any], peaks: tuple[Doubles, NDArray[np.int8]]
) -> Iterator[Place]:
    """One place per label; ``peaks`` are the largest deviation of every pixel and the number of its scale."""
    best, at = peaks
    origin = [outer.start + inner.start for outer, inner in zip(tile.outer, tile.inner, strict=True)]
    for number, extent in enumerate(ndimage.find_objects(labels), 1):
        inside = np.where(labels[extent] == number, np.abs(best[extent]), 0.0)
        peak = tuple(
            int(i) + part.start for i, part in zip(np.unravel_index(inside.argmax(), inside.shape), extent, strict=True)
        )
        scale = SCALES[at[peak]]
        half = int(np.ceil(scale))
        lower = [max(min(part.start, p - half), 0) for part, p in zip(extent, peak, strict=True)]
        ends = zip(extent, peak, best.shape, strict=True)
        upper = [min(max(part.stop, p + half + 1), size) for part, p, size in ends]
        yield Place(
            channel,
            tuple(low + start for low, start in zip(lower, origin, strict=True)),
            tuple(high + start for high, start in zip(upper, origin, strict=True)),
            tuple(p + start for p, start in zip(peak, origin, strict=True)),
            scale,
            float(best[peak]),
            _shows_more(measured, tuple(p + part.start for p, part in zip(peak, tile.inner, strict=True)), scale),
            tuple(origin),
        )


def _shows_more(measured: Measured, at: tuple[int, ...], scale: float) -> bool:
    """Whether the image has more contrast than the measurement at a pixel, at a scale."""
    reach = int(np.ceil(8 * scale))
    around = tuple(slice(max(0, p - reach), p + reach + 1) for p in at)
    centre = tuple(p - part.start for p, part in zip(at, around, strict=True))
    contrasts = []
    for image in (measured.values[around], measured.predicted[around]):
        narrow, wide = (smooth(image, window(width), mode="nearest")[centre] for width in (scale, 2 * scale))
        contrasts.append(abs(float(narrow - wide)))
    return contrasts[1] > contrasts[0]


def merged(places: Sequence[Place]) -> list[Place]:
    """Join places that the border between two tiles cuts, and sort all.

    Parameters
    ----------
    places
        Places of all tiles.

    Returns
    -------
    list of Place
        The strongest first. Places are joined that touch, of the same channel and direction. They have the strength,
        size and kind of the strongest. Beyond the 1000 strongest, places are left as they are.
    """
    left = sorted(places, key=lambda place: -abs(place.sigma))
    left, rest = left[:_JOINED], left[_JOINED:]
    found: list[Place] = []
    while left:
        own = left.pop(0)
        joined = True
        while joined:
            touching = [other for other in left if _touch(own, other)]
            joined = bool(touching)
            for other in touching:
                left.remove(other)
                own = replace(
                    own,
                    lower=tuple(map(min, own.lower, other.lower)),
                    upper=tuple(map(max, own.upper, other.upper)),
                )
        found.append(own)
    return found + rest


def _touch(a: Place, b: Place) -> bool:
    if a.channel != b.channel or (a.sigma > 0) != (b.sigma > 0) or a.tile == b.tile:
        return False
    return all(
        low <= high and other_low <= other_high
        for low, high, other_low, other_high in zip(a.lower, b.upper, b.lower, a.upper, strict=True)
    )
