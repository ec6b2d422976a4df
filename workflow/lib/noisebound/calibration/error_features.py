"""What the error of a denoised value depends on: its intensity, and how steep the image is around it.

Noise that passes a denoiser grows or falls with the intensity; what a denoiser blurs, it blurs at edges (see
``image_slope``). Both are read off the median image itself, so that they are known wherever an image is delivered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]
N_FEATURES = 3


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


@dataclass(frozen=True)
class ErrorVariance:
    """Variance of the error of one channel about the signal.

    Attributes
    ----------
    knots
        Intensities of the line (see ``error_features``), in the unit of the reference.
    weights
        Weight of each feature, 0 or more, in squared units of the reference (of the slope: px^2).
    least
        Smallest variance, in squared units of the reference.
    """

    knots: tuple[float, float]
    weights: tuple[float, ...]
    least: float

    def of(self, median: NDArray[np.float32], slope: NDArray[np.float32]) -> Doubles:
        """Compute the variance at every pixel.

        Parameters
        ----------
        median, slope
            Median and its squared slope, of one shape.

        Returns
        -------
        ndarray
            float64 of the same shape, in squared units of the reference.
        """
        total = np.tensordot(np.asarray(self.weights), error_features(median, slope, self.knots), axes=1)
        return np.maximum(total, self.least)
