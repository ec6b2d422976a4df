"""What a denoised image predicts of the noisy frame and of the reference, as fitted on the calibrate regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .block_statistics import Doubles


def gains(noisy_means: Doubles, median_means: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """Gain and offset, (C,) each, with noisy = gain * denoised + offset, from means over blocks (N, C).

    For ``counts`` the offset is 0 and the gain the ratio of the sums. Otherwise both come from least-squares regression
    of the noisy means on the denoised ones, with gain 1 where the image has no contrast.
    """
    if counts:
        total = median_means.sum(axis=0)
        gain = np.where(total > 0, noisy_means.sum(axis=0) / np.where(total > 0, total, 1.0), 1.0)
        return gain, np.zeros_like(gain)
    x, y = (values - values.mean(axis=0) for values in (median_means, noisy_means))
    square = np.square(x).sum(axis=0)
    slope = (x * y).sum(axis=0) / np.where(square > 0, square, 1.0)
    gain = np.where(square > 0, slope, 1.0)
    return gain, noisy_means.mean(axis=0) - gain * median_means.mean(axis=0)


@dataclass(frozen=True, eq=False)
class Expected:
    """What a denoised image predicts of the reference and of the noisy frame, fitted on the calibrate regions.

    Parameters
    ----------
    gain, offset
        (C,) float64: noisy = gain * median + offset, for means over blocks.
    knots, shift
        (C, M) float64: by how much the mean of the reference exceeds the median, pixel by pixel; linear between the
        knots, which are values of the median, and constant beyond them.
    mean_gain, mean_offset
        (C,) float64: noisy = mean_gain * mean + mean_offset, for means over blocks.

    Notes
    -----
    The median of few counts lies below their mean, by an amount that depends on the intensity. Two predictions are
    therefore needed. The level of a block follows from the average of its medians, because the mean estimated in single
    pixels is shrunk towards the mean of all pixels. A pattern within a block counts only as far as it shows in the
    estimated mean.
    """

    gain: Doubles
    offset: Doubles
    knots: Doubles
    shift: Doubles
    mean_gain: Doubles
    mean_offset: Doubles

    def mean(self, median: NDArray[np.floating], counts: bool) -> Doubles:
        """Estimated mean of the reference, float64 (C, *spatial), from the ensemble's median; of ``counts`` >= 0."""
        return shifted(median, self.knots, self.shift, counts)

    def level(self, median: NDArray[np.floating]) -> Doubles:
        """The noisy frame as ``median`` predicts it, float64 (C, *spatial); right for means over blocks alone."""
        return _linear(median.astype(np.float64), self.gain, self.offset)

    def pattern(self, mean: Doubles) -> Doubles:
        """The noisy frame as the estimated ``mean`` of the reference predicts it, float64 (C, *spatial)."""
        return _linear(mean, self.mean_gain, self.mean_offset)


def shifted(median: NDArray[np.floating], knots: Doubles, shift: Doubles, counts: bool) -> Doubles:
    """``median`` (C, *spatial) plus the ``shift`` (C, M) at ``knots`` (C, M), float64; of ``counts`` at least 0."""
    found = np.stack([m + np.interp(m, x, y) for m, x, y in zip(median.astype(np.float64), knots, shift, strict=True)])
    return np.maximum(found, 0) if counts else found


def _linear(values: Doubles, gain: Doubles, offset: Doubles) -> Doubles:
    ones = (-1,) + (1,) * (values.ndim - 1)
    result: Doubles = values * gain.reshape(ones) + offset.reshape(ones)
    return result
