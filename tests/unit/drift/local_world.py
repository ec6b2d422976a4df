"""Small scans whose image is right, loses or invents an object, for tests of the local checks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scipy import ndimage

from noisebound.drift.expected import Expected
from noisebound.drift.local_images import NoisyFrame
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.geometry.boxes import Box
from tests.unit.drift.simulated import write

SIDE = 96
BOX = Box("apply", (0, 0), (SIDE, SIDE))
Images = np.ndarray


def as_it_is(channels: int = 2) -> Expected:
    """An image that predicts the noisy frame without any change."""
    one, none = np.ones(channels), np.zeros(channels)
    return Expected(one, none, np.zeros((channels, 1)), np.zeros((channels, 1)), one, none)


def blob(at: tuple[int, int], width: float, sigma: float, noise: float) -> Images:
    """An object of ``sigma`` standard deviations for a matched filter, in noise of that standard deviation."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    shape = np.exp(-((rows - at[0]) ** 2 + (columns - at[1]) ** 2) / (2 * width**2))
    return sigma * noise / (math.sqrt(math.pi) * width) * shape


def grains(rng: np.random.Generator) -> Images:
    """Rates (2, Y, X) of two phases with soft edges."""
    field = ndimage.gaussian_filter(rng.normal(size=(SIDE, SIDE)), 5) > 0
    soft = ndimage.gaussian_filter(field.astype(float), 2)
    return np.stack([4 + 3 * soft, 8 - 4 * soft])


def blurred(images: Images, width: float = 2.0) -> Images:
    return ndimage.gaussian_filter(images.astype(float), (0, width, width))


@contextmanager
def opened(
    folder: Path, noisy: Images, median: Images, counts: bool = True, boxes: tuple[Box, ...] = (BOX,), **more: Images
) -> Iterator[tuple[Scan, Predictions, NoisyFrame]]:
    """The files of one scan, and its noisy frame beside the image."""
    files = write(folder, "scan", noisy, median, "apply", counts, boxes=boxes, **more)
    with Scan(files["scan"]) as scan, Predictions(files["ensemble"]) as ensemble:
        yield scan, ensemble, NoisyFrame(scan, ensemble, boxes, as_it_is())
