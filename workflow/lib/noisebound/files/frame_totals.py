"""Totals of the raw noisy frames over labelled pixels, with what their noise leaves open.

A denoised image is right pixel by pixel at the price of a small bias, which adds up over a region. Raw counts have no
bias to add up, so totals are taken from the frames themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, t

from ..geometry.blocks import blocks_of
from .scan import Scan

Doubles = NDArray[np.float64]
# Names of the columns of each channel: the total, and its interval.
TOTALS = ("total", "total_low", "total_high")
# Confidence of the interval of a total.
CONFIDENCE = 0.95
# Fewest frames beside the denoised one whose spread widens the interval of counts.
FRAMES_THAT_SHOW = 5


@dataclass(frozen=True, eq=False)
class Totals:
    """Totals over T labels in C channels, per frame, in the unit of the noisy frames.

    Attributes
    ----------
    total
        (T, C) float64; NaN for a label without pixels.
    low, high
        95 % interval of the noiseless total, (T, C); NaN where nothing tells the noise, or the only frame is the one
        that labels were drawn into.
    frames
        Number of frames that the totals are the mean of.
    independent
        Whether they leave out the frame that was denoised, so that they know nothing of how the labels were chosen.
    """

    total: Doubles
    low: Doubles
    high: Doubles
    frames: int
    independent: bool


def frame_totals(scan: Scan, labels: NDArray[np.integer], count: int, denoised: int) -> Totals:
    """Add up the noisy frames over the pixels of each label.

    Labels that were drawn into the denoised frame follow its noise: a region that is picked because it is bright is
    bright by chance as well. So that frame is left out where there are others. Where there are none, the total is given
    without an interval: one of Poisson noise would hold the true total in a quarter to six tenths of such regions
    (``benchmarks/promises/sums.py``).

    Parameters
    ----------
    scan
        The noisy frames.
    labels
        Integers from 0 to ``count`` - 1, of the spatial shape of the scan; may be mapped from a file.
    count
        Number of labels T.
    denoised
        Number of the frame that was denoised.

    Returns
    -------
    Totals
        The mean over frames of the sum over pixels. For counts, the interval is that of a Poisson number (see
        :func:`poisson_interval`), or that over frames where it is wider and ``FRAMES_THAT_SHOW`` show it. For
        intensities it is the t interval over frames, which takes two frames other than the denoised one.
    """
    others = [k for k in range(scan.n_frames) if k != denoised]
    frames = others or [denoised]
    sums, pixels = np.zeros((len(frames), count, scan.n_channels)), np.zeros(count, dtype=np.int64)
    for region in blocks_of((0,) * scan.ndim, scan.shape):
        label = np.asarray(labels[region]).astype(np.intp).ravel()
        pixels += np.bincount(label, minlength=count)
        for place, k in enumerate(frames):
            for c, image in enumerate(scan.read_frame(k, region).astype(np.float64)):
                sums[place, :, c] += np.bincount(label, weights=image.ravel(), minlength=count)
    total = sums.mean(axis=0)
    if scan.counts:
        low, high = (end / len(frames) for end in poisson_interval(sums.sum(axis=0)))
        if (
            len(others) >= FRAMES_THAT_SHOW
        ):  # counts of a drifting dose, or with a gain, scatter more than Poisson counts
            half = _half_width(sums)
            low, high = np.minimum(low, np.maximum(total - half, 0.0)), np.maximum(high, total + half)
        low, high = (end if others else np.full_like(end, np.nan) for end in (low, high))
    else:
        half = _half_width(sums)
        low, high = total - half, total + half
    absent = pixels == 0
    for values in (total, low, high):
        values[absent] = np.nan
    return Totals(total, low, high, len(frames), bool(others))


def poisson_interval(counts: ArrayLike) -> tuple[Doubles, Doubles]:
    """Compute the exact two-sided interval of the mean of Poisson numbers.

    Parameters
    ----------
    counts
        Observed numbers, of any shape.

    Returns
    -------
    tuple of ndarray
        Low and high, float64 of that shape; close to counts -+ 1.96 sqrt(counts) where these are many.

    References
    ----------
    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28 (1936) 437.
    """
    number, tail = np.asarray(counts, dtype=np.float64), (1 - CONFIDENCE) / 2
    low = np.where(number > 0, chi2.ppf(tail, np.maximum(2 * number, 1e-300)) / 2, 0.0)
    return low, chi2.ppf(1 - tail, 2 * number + 2) / 2


def _half_width(sums: Doubles) -> Doubles:
    """Half width (T, C) of the t interval over the frames of ``sums`` (F, T, C); NaN for a single frame."""
    n = len(sums)
    if n < 2:
        return np.full(sums.shape[1:], np.nan)
    quantile = float(t.ppf((1 + CONFIDENCE) / 2, n - 1))
    return np.asarray(quantile * sums.std(axis=0, ddof=1) / np.sqrt(n))
