"""How far the largest of all local deviations goes by chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.optimize import brentq
from scipy.special import ndtr

from .local_kernels import SCALES

# Chance that a scan whose image is right shows any place.
BY_CHANCE = 0.01
# Scales must be at most this share of the shortest side of an image.
_SHARE = 0.2


def usable(shape: Sequence[int]) -> tuple[float, ...]:
    """Choose the scales that an image is large enough for.

    Parameters
    ----------
    shape
        Pixels per spatial axis, 2 or 3 numbers.

    Returns
    -------
    tuple of float
        Those of ``SCALES`` that are at most a fifth of its shorter side along Y and X; at least the first one.
    """
    return tuple(scale for scale in SCALES if scale == SCALES[0] or scale <= _SHARE * min(shape[-2:]))


def expected_peaks(level: float, shape: Sequence[int], scale: float) -> float:
    """Compute how many separate places of smoothed white noise exceed a level, on average.

    Parameters
    ----------
    level
        In standard deviations of the smoothed noise; 2 or more.
    shape
        Pixels per spatial axis.
    scale
        Standard deviation in pixels of the Gaussian that smooths.

    Returns
    -------
    float
        The expected Euler characteristic [1]_ of the set above the level, which is about the number of places there,
        or the expected number of pixels above the level where that is smaller.

    References
    ----------
    .. [1] K. J. Worsley et al., "A unified statistical approach for determining significant signals in images of
       cerebral activation", Human Brain Mapping 4 (1996) 58.
    """
    # The correlation of smoothed noise at distance h is exp(-h^2 / (4 scale^2)), with the curvature 1 / (2 scale^2).
    sides = [extent / (math.sqrt(2) * scale) for extent in shape]
    sums = [1.0] + [0.0] * len(sides)
    for side in sides:
        for order in range(len(sides), 0, -1):
            sums[order] += sums[order - 1] * side
    falls = math.exp(-(level**2) / 2)
    tail = float(ndtr(-level))
    densities = [
        tail,
        falls / (2 * math.pi),
        falls * level / (2 * math.pi) ** 1.5,
        falls * (level**2 - 1) / (2 * math.pi) ** 2,
    ]
    places = sum(total * density for total, density in zip(sums, densities, strict=False))
    return min(places, math.prod(shape) * tail)


def threshold(shapes: Sequence[Sequence[int]], channels: int, chance: float = BY_CHANCE) -> float:
    """Find the level that local deviations of noise exceed with a given chance.

    Parameters
    ----------
    shapes
        Shapes of the boxes that are searched.
    channels
        Number of channels.
    chance
        That any pixel of any box, channel and scale exceeds the level, in either direction, is at most about this
        probable.

    Returns
    -------
    float
        The level in standard deviations.
    """

    def excess(level: float) -> float:
        peaks = sum(expected_peaks(level, shape, scale) for shape in shapes for scale in usable(shape))
        return math.log(2 * channels * peaks / chance)

    return float(brentq(excess, 2.0, 30.0)) if excess(2.0) > 0 else 2.0
