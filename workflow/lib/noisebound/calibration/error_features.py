"""What the error of a denoised value depends on: its intensity, and how steep the image is around it.

Noise that passes a denoiser grows or falls with the intensity; what a denoiser blurs, it blurs at edges. Both are read
off the median image itself, so that they are known wherever an image is delivered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..geometry.boxes import Region

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
# Standard deviation in px of the Gaussian that averages squared slopes, and where it is cut off.
_SMOOTHING, _CUT = 1.5, 4.0
# Pixels around a region that its slopes depend on: the cut Gaussian, and one for the differences.
REACH = int(_SMOOTHING * _CUT + 0.5) + 1
N_FEATURES = 3


def squared_slope(median: Floats) -> Floats:
    """Compute the squared slope of an image, averaged over a few pixels.

    Parameters
    ----------
    median
        One channel, (*spatial), in the unit of the reference.

    Returns
    -------
    ndarray
        float32 of the same shape, squared units of the reference per px^2.
    """
    image = median.astype(np.float64)
    total = np.zeros(image.shape)
    for axis, length in enumerate(image.shape):
        if length > 1:
            total += np.square(np.gradient(image, axis=axis))
    smoothed: Floats = gaussian_filter(total, _SMOOTHING, mode="nearest", truncate=_CUT).astype(np.float32)
    return smoothed


def read_with_slope(read: Callable[[Region], Floats], region: Region, shape: Sequence[int]) -> tuple[Floats, Floats]:
    """Read a region of a median image together with its slopes, which are those of the whole image.

    Parameters
    ----------
    read
        Reads a region of all channels, (C, *region).
    region
        One slice with start and stop per spatial axis.
    shape
        Pixels per spatial axis of the whole image.

    Returns
    -------
    median, slope
        float32 (C, *region) each; ``slope`` as of :func:`squared_slope`.
    """
    outer = tuple(
        slice(max(0, part.start - REACH), min(int(size), part.stop + REACH))
        for part, size in zip(region, shape, strict=True)
    )
    inner = tuple(
        slice(part.start - grown.start, part.stop - grown.start) for part, grown in zip(region, outer, strict=True)
    )
    image = read(outer)
    slope = np.stack([squared_slope(channel)[inner] for channel in image])
    return np.ascontiguousarray(image[(slice(None), *inner)]), slope


def error_features(median: Floats, slope: Floats, knots: tuple[float, float]) -> Doubles:
    """Compute what the variance of the error is a sum of, with weights of 0 or more.

    Parameters
    ----------
    median, slope
        Median and its squared slope, of one shape.
    knots
        Two intensities, the first below the second, or equal where the image has one value.

    Returns
    -------
    ndarray
        float64 (3, ...). The first two are the parts of a line between the knots: 1 and 0 at the lower knot and below
        it, 0 and 1 at the upper one. Above the upper knot, if that is positive, the second grows in proportion to the
        median, as Poisson noise would. The third is the slope.
    """
    low, high = knots
    value = median.astype(np.float64)
    if high > low:
        place = np.clip((value - low) / (high - low), 0.0, 1.0)
    else:
        place = np.full(value.shape, 0.5)
    beyond = np.maximum(value / high, 1.0) if high > 0 else np.ones(value.shape)
    return np.stack([1 - place, place * beyond, slope.astype(np.float64)])
