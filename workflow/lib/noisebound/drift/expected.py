"""What a denoised image predicts of the noisy frame and of the reference, fitted on the calibrate regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .block_statistics import Doubles


def gains(noisy_means: Doubles, median_means: Doubles, counts: bool) -> tuple[Doubles, Doubles]:
    """Fit noisy = gain * denoised + offset to the means of blocks.

    Parameters
    ----------
    noisy_means, median_means
        (N, C) float64, means of the noisy frame and of the denoised image over N blocks.
    counts
        Whether values are counts. The offset is then 0 and the gain the ratio of the sums; otherwise both come from
        least-squares regression.

    Returns
    -------
    gain, offset : NDArray
        (C,) float64 each; gain 1 where the denoised means do not vary or, for counts, add up to 0.
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
        (C, M) float64: by how much the mean of the reference exceeds the median in a pixel, at M values of the median.
        It is linear between these knots; beyond them, see :func:`shifted`.
    mean_gain, mean_offset
        (C,) float64: noisy = mean_gain * mean + mean_offset, for means over blocks.

    Notes
    -----
    The median of few counts lies below their mean, by an amount that depends on the intensity. Two predictions of the
    noisy frame are therefore needed. The level of a block follows from the average of its medians, because the mean
    estimated in single pixels is shrunk towards the mean of all pixels. The pattern within a block follows from the
    estimated mean.
    """

    gain: Doubles
    offset: Doubles
    knots: Doubles
    shift: Doubles
    mean_gain: Doubles
    mean_offset: Doubles

    def mean(self, median: NDArray[np.floating], counts: bool) -> Doubles:
        """Estimate the mean of the reference from the ensemble's median.

        Parameters
        ----------
        median
            (C, *spatial), any float type, in the unit of the reference.
        counts
            Whether values are counts; negative estimates then become 0.

        Returns
        -------
        NDArray
            (C, *spatial) float64, in the unit of the reference.
        """
        return shifted(median, self.knots, self.shift, counts)

    def level(self, median: NDArray[np.floating]) -> Doubles:
        """Predict the noisy frame from the ensemble's median; right for means over blocks alone.

        Parameters
        ----------
        median
            (C, *spatial), any float type, in the unit of the reference.

        Returns
        -------
        NDArray
            (C, *spatial) float64, in raw units of the noisy frame.
        """
        return _linear(median.astype(np.float64), self.gain, self.offset)

    def pattern(self, mean: Doubles) -> Doubles:
        """Predict the noisy frame from the estimated mean of the reference; right for patterns within a block.

        Parameters
        ----------
        mean
            (C, *spatial) float64 from :meth:`mean`.

        Returns
        -------
        NDArray
            (C, *spatial) float64, in raw units of the noisy frame.
        """
        return _linear(mean, self.mean_gain, self.mean_offset)


def shifted(median: NDArray[np.floating], knots: Doubles, shift: Doubles, counts: bool) -> Doubles:
    """Add to the median what the mean of the reference exceeds it by.

    Parameters
    ----------
    median
        (C, *spatial), any float type.
    knots, shift
        (C, M) float64: the shift at M values of the median, which ascend; linear between and constant beyond them.
    counts
        Whether values are counts. Negative results then become 0, and a negative shift falls to 0 with the median below
        the first knot: taken off in full, it would take most of the few counts there.

    Returns
    -------
    NDArray
        (C, *spatial) float64.
    """
    found = []
    for own, x, y in zip(median.astype(np.float64), knots, shift, strict=True):
        change = np.interp(own, x, y)
        if counts and y[0] < 0 < x[0]:
            change = np.where(own < x[0], y[0] * np.maximum(own, 0) / x[0], change)
        found.append(own + change)
    return np.maximum(found, 0) if counts else np.stack(found)


def _linear(values: Doubles, gain: Doubles, offset: Doubles) -> Doubles:
    ones = (-1,) + (1,) * (values.ndim - 1)
    result: Doubles = values * gain.reshape(ones) + offset.reshape(ones)
    return result
