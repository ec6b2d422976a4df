"""Local deviations of an image from a measurement, at several scales, in standard deviations of the noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .block_statistics import Doubles
from .local_kernels import smooth, sum_of_squares, surprise, window

# Classes of intensity in which the noise of a measurement is estimated.
_CLASSES = 12


class Deviation(NamedTuple):
    """Deviations at one scale.

    Parameters
    ----------
    scale
        Standard deviation of the window in pixels.
    score
        (*spatial) float64, how far the measurement lies above the image, in standard deviations.
    contrast
        (*spatial) float64, how far the image lies above its own surroundings at this scale, in the same unit. Blurring
        gives deviations of the same sign as the contrast, invented structure of the opposite sign.
    """

    scale: float
    score: Doubles
    contrast: Doubles


class Measured(NamedTuple):
    """A measurement of one channel, beside what the image predicts of it.

    Parameters
    ----------
    values
        (*spatial) float64, the measurement.
    predicted
        (*spatial) float64, in the same unit.
    variance
        (*spatial) float64, of the measurement about its mean, above 0; for counts, the expected counts.
    counts
        Whether values are Poisson counts, whose tails are not those of normal variables.
    """

    values: Doubles
    predicted: Doubles
    variance: Doubles
    counts: bool


def deviations(measured: Measured, scales: Sequence[float]) -> Iterator[Deviation]:
    """Compute local deviations at each scale.

    Parameters
    ----------
    measured
        The measurement, and what the image predicts.
    scales
        Standard deviations of the windows in pixels.

    Yields
    ------
    Deviation
        For each scale.

    Notes
    -----
    score = sum(w (values - predicted)) / sqrt(sum(w^2 variance)), over a Gaussian window w around each pixel: the
    matched filter for a Gaussian object of that size in noise that is independent from pixel to pixel. For counts it
    is changed by :func:`noisebound.drift.local_kernels.surprise`, so that few counts have the right tails; where their
    expectation varies under the window, its rate is the constant one of the same mean and variance. The contrast
    compares averages of the image under w and under a window twice as wide.
    """
    values, predicted, variance, counts = measured
    ndim = values.ndim
    smoothed: dict[float, Doubles] = {}
    for scale in scales:
        weights = window(scale)
        noise = np.maximum(smooth(variance, np.square(weights)), np.finfo(np.float64).tiny)
        above = smooth(values - predicted, weights)
        if counts:
            mean = np.maximum(smooth(variance, weights), np.finfo(np.float64).tiny)
            rate = np.square(mean) * sum_of_squares(scale, ndim) / noise
            # An empty window is no rarer than that no pixel of it counts; windows at edges have fewer pixels.
            fewest = smooth(variance, np.ones_like(weights)) / weights.size**ndim
            score = surprise(1 + above / mean, np.where(above < 0, np.minimum(rate, fewest), rate), scale, ndim)
        else:
            score = above / np.sqrt(noise)
        for width in (scale, 2 * scale):
            if width not in smoothed:
                smoothed[width] = smooth(predicted, window(width), mode="nearest")
        yield Deviation(scale, score, (smoothed[scale] - smoothed[2 * scale]) / np.sqrt(noise))


def noise_curve(values: Sequence[Doubles], predicted: Sequence[Doubles]) -> tuple[Doubles, Doubles]:
    """Estimate the noise of a measurement as a function of what the image predicts.

    Parameters
    ----------
    values, predicted
        Parts of a measurement of one channel, and what the image predicts of them; (*spatial) float64 each.

    Returns
    -------
    knots, variance : NDArray
        (M,) float64: the variance at M predicted values that ascend, above 0. It is linear between them and constant
        beyond.

    Notes
    -----
    Half of the mean square of the difference of neighbouring pixels along X, in classes of intensity with equally many
    pixels. Differences leave out what the image lost or invented over several pixels.
    """
    halves, levels = [], []
    for own, image in zip(values, predicted, strict=True):
        left = own - image
        if left.shape[-1] > 1:
            halves.append(np.square(np.diff(left, axis=-1)).ravel() / 2)
            levels.append((image[..., 1:] + image[..., :-1]).ravel() / 2)
    if not halves:
        return np.zeros(1), np.ones(1)
    return _class_means(np.concatenate(halves), np.concatenate(levels))


def variance_curve(variances: Sequence[Doubles], predicted: Sequence[Doubles]) -> tuple[Doubles, Doubles]:
    """Average a known noise in classes of what the image predicts.

    Parameters
    ----------
    variances, predicted
        Parts of the variance of a measurement of one channel, unbiased in every pixel but as noisy there as the
        variance of few values is, and what the image predicts of the measurement; (*spatial) float64 each.

    Returns
    -------
    knots, variance : NDArray
        As :func:`noise_curve` returns them.
    """
    return _class_means(*(np.concatenate([part.ravel() for part in parts]) for parts in (variances, predicted)))


def _class_means(squares: Doubles, level: Doubles) -> tuple[Doubles, Doubles]:
    """Means of squares (n,) and of their levels, in classes of the level with equally many pixels."""
    order = np.argsort(level, kind="stable")
    parts = [part for part in np.array_split(order, _CLASSES) if part.size]
    knots = np.array([level[part].mean() for part in parts])
    variance = np.array([squares[part].mean() for part in parts])
    floor = 1e-3 * float(squares.mean())
    return knots, np.maximum(variance, floor if floor > 0 else 1.0)
