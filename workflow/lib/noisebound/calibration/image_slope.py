"""How steep an image is around each pixel: what a denoiser blurs, it blurs where the image is steep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..geometry.boxes import Region

Floats = NDArray[np.float32]
# Standard deviation in px of the Gaussian that averages squared slopes, and where it is cut off.
_SMOOTHING, _CUT = 1.5, 4.0
# Pixels around a region that its slopes depend on: the cut Gaussian, and one for the differences.
REACH = int(_SMOOTHING * _CUT + 0.5) + 1


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
