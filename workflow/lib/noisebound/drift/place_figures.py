"""What is known of a found place: its bounds, whether a feature was lost or invented there, and averages around it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..files.predictions import Predictions
from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .local_images import tiles_of
from .local_kernels import reach
from .local_scores import Measured
from .places import Peak

# Full width at half maximum of a Gaussian, in units of its standard deviation.
FWHM = 2.3548
# Where the box of a place ends, in standard deviations of its window.
_HALF = 2.0


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


def average(image: NDArray[np.floating], at: Sequence[int], scale: float) -> float:
    """Average an image around a pixel with Gaussian weights.

    Parameters
    ----------
    image
        (*spatial), any float type.
    at
        The pixel.
    scale
        Standard deviation of the weights in pixels.

    Returns
    -------
    float
        The average over the pixels within 4 standard deviations that the image has.
    """
    far = reach(scale)
    part = tuple(slice(max(p - far, 0), p + far + 1) for p in at)
    found = image[part].astype(np.float64)
    # Axis by axis, the last one first, as Gaussians are products.
    for p, cut in reversed(list(zip(at, part, strict=True))):
        weights = np.exp(-0.5 * np.square((np.arange(found.shape[-1]) + cut.start - p) / scale))
        found = found @ (weights / weights.sum())
    return float(found)


def feature_of(values: Doubles, predicted: Doubles, at: Sequence[int], scale: float) -> dict[str, str]:
    """Tell whether a feature was lost or invented at a place.

    Parameters
    ----------
    values, predicted
        (*spatial) float64, the measurement and the image, in the same unit.
    at
        The pixel in the middle of the place.
    scale
        Standard deviation of its window in pixels.

    Returns
    -------
    dict
        ``kind``: lost where the measurement differs from its surroundings more than the image does, else invented.
        ``feature``: bright or dark, as it differs in the one that differs more.

    Notes
    -----
    What differs from its surroundings is the average under the window minus that under a window twice as wide.
    """
    measured, image = (average(part, at, scale) - average(part, at, 2 * scale) for part in (values, predicted))
    lost = abs(measured) >= abs(image)
    return {
        "kind": "lost" if lost else "invented",
        "feature": "bright" if (measured if lost else image) > 0 else "dark",
    }


def about_place(peak: Peak, channels: Sequence[str], box: Box) -> dict[str, Any]:
    """List where a place lies and how strong it is.

    Parameters
    ----------
    peak
        The place.
    channels
        Names of the channels.
    box
        The part of the scan that was searched.

    Returns
    -------
    dict
        ``channel``; ``centre``, its middle pixel; ``lower`` and ``upper``, 2 standard deviations of the window on
        either side; ``size`` (px, full width at half maximum), ``window`` (px, standard deviation) and ``sigma``.
    """
    half = math.ceil(_HALF * peak.scale)
    return {
        "channel": channels[peak.channel],
        "centre": list(peak.at),
        "lower": [max(p - half, low) for p, low in zip(peak.at, box.lower, strict=True)],
        "upper": [min(p + half + 1, high) for p, high in zip(peak.at, box.upper, strict=True)],
        "size": round(FWHM * peak.scale, 1),
        "window": peak.scale,
        "sigma": round(peak.sigma, 2),
    }


def image_around(images: Predictions, region: Region, peak: Peak, at: Sequence[int]) -> dict[str, Any]:
    """Average the denoised image and its interval for the signal around a place.

    Parameters
    ----------
    images
        The denoised images.
    region
        One slice per spatial axis, which holds the window of the place.
    peak
        The place.
    at
        Its middle pixel within the region.

    Returns
    -------
    dict
        ``image``, of the median, in the unit of the reference; with intervals for the signal also ``interval``, lower
        and upper end of the primary one, averaged likewise.
    """
    found: dict[str, Any] = {"image": average(images.read("median", region, peak.channel), at, peak.scale)}
    if images.has_signal and images.primary is not None:
        ends = images.read_signal(images.primary, region, peak.channel)
        interval = [average(end, at, peak.scale) for end in ends]
        if all(map(math.isfinite, interval)):
            found["interval"] = interval
    return found


def in_tiles(peaks: Sequence[Peak], box: Box) -> Iterator[tuple[Region, dict[int, tuple[int, ...]]]]:
    """Sort places by the tile that they lie in, so that every tile is read once.

    Parameters
    ----------
    peaks
        The places.
    box
        The part of the scan that was searched.

    Yields
    ------
    region : tuple of slice
        A tile with its surroundings.
    inside : dict
        By number of the place, its middle pixel within the region. Only tiles with places come.
    """
    for tile in tiles_of(box):
        inside = {}
        for number, peak in enumerate(peaks):
            at = tuple(p - outer.start for p, outer in zip(peak.at, tile.outer, strict=True))
            if all(part.start <= p < part.stop for p, part in zip(at, tile.inner, strict=True)):
                inside[number] = at
        if inside:
            yield tile.outer, inside


def around(
    peak: Peak, at: Sequence[int], measured: Sequence[Measured], region: Region, images: Predictions | None
) -> dict[str, Any]:
    """Gather what is known of one place.

    Parameters
    ----------
    peak, at
        The place, and its middle pixel within the region.
    measured
        Per channel, the measurement of the region and what the image predicts.
    region
        One slice per spatial axis.
    images
        The denoised images, if they are at hand.

    Returns
    -------
    dict
        What :func:`feature_of` and :func:`image_around` say; ``measured`` and ``predicted``, averaged likewise.
    """
    own = measured[peak.channel]
    found: dict[str, Any] = feature_of(own.values, own.predicted, at, peak.scale)
    found["measured"] = average(own.values, at, peak.scale)
    found["predicted"] = average(own.predicted, at, peak.scale)
    return found | (image_around(images, region, peak, at) if images else {})
