"""How strong an object must be to be found, in standard deviations of the noisy frame and as a spot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .block_statistics import Doubles
from .local_images import NoisyFrame
from .local_kernels import SCALES, sum_of_squares, surprise
from .place_figures import FWHM, rounded

# Standard deviations above the threshold at which 9 of 10 objects are found.
_NINE_OF_TEN = 1.28
# Standard deviation in pixels of the spot that stands for all objects.
_SPOT = 2.0


def limits(levels: Doubles, scales: Sequence[float], frame: NoisyFrame, ndim: int) -> list[dict[str, Any]]:
    """Compute how strong an object must be so that 9 of 10 are found, per channel.

    Parameters
    ----------
    levels
        (C, S) float64, thresholds in standard deviations.
    scales
        Those of ``SCALES`` that are searched.
    frame
        The noisy frame.
    ndim
        Number of spatial axes.

    Returns
    -------
    list of dict
        Per channel its name, ``sigma`` (of the scale that needs most) and ``spot``: a Gaussian spot ``width`` px wide
        (full width at half maximum) is found from a ``height`` on, by which its middle differs from its surroundings,
        where these have the ``mean`` of the channel; and whether a ``dark`` one can be found at all, which of few
        counts it cannot. ``spot`` is None where the channel is empty.
    """
    found = []
    for c, name in enumerate(frame.channels):
        needed = {scale: float(levels[c, SCALES.index(scale)]) + _NINE_OF_TEN for scale in scales}
        rate = float(frame.mean[c]) if frame.counts else None
        strengths = {scale: _strength(least, scale, rate, ndim) for scale, least in needed.items()}
        entry: dict[str, Any] = {"channel": name, "sigma": round(max(strengths.values()), 1), "spot": None}
        scale = min(scales, key=lambda scale: abs(scale - _SPOT))
        if frame.noise[c] > 0:
            # Under the window of its own size, a spot of height 1 averages 2^(-ndim / 2).
            shrunk = 2.0 ** (-ndim / 2)
            height = strengths[scale] * float(frame.noise[c]) * math.sqrt(sum_of_squares(scale, ndim)) / shrunk
            dark = True
            if rate is not None:
                # The deepest dark spot has no counts in its middle.
                deepest = float(surprise(np.array([1 - shrunk]), np.array([rate]), scale, ndim)[0])
                dark = -deepest >= needed[scale]
            entry["spot"] = {"width": round(FWHM * scale, 1), "height": rounded(height)}
            entry["spot"] |= {"mean": rounded(float(frame.mean[c])), "dark": dark}
        found.append(entry)
    return found


def _strength(least: float, scale: float, rate: float | None, ndim: int) -> float:
    """Strength of an object that exceeds a threshold of ``least`` standard deviations, on ``rate`` counts per pixel.

    An object of few counts stands out by fewer standard deviations than its counts over the root of those expected.
    """
    if rate is None or rate <= 0:
        return least
    strengths = np.linspace(0, 10 * least, 2000)
    ratio = 1 + strengths * math.sqrt(sum_of_squares(scale, ndim) / rate)
    seen = surprise(ratio, np.full_like(ratio, rate), scale, ndim)
    return float(np.interp(least, seen, strengths))
