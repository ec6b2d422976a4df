"""Which channels show structure, and how many counts of the reference stand for one of a noisy frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .field_pixels import CalibrationPixels
from .rounding import Floats

# A channel has structure if the variance of its signal is at least this share of what is left of the reference.
STRUCTURED_SHARE = 0.25


def channel_structure(median: Floats, target: Floats) -> dict[str, Any]:
    """Tell whether a channel shows structure, from calibration pixels.

    Parameters
    ----------
    median, target
        Predicted medians and targets of the same pixels, flat, in the unit of the reference.

    Returns
    -------
    dict
        "signal", the covariance of median and target, to which the noise of neither contributes, because the two have
        no frame in common; "rest", the mean square of target minus median; "structured", whether "signal" is positive
        and at least ``STRUCTURED_SHARE`` of "rest". The evaluation asks the same of the test regions.
    """
    own, aim = median.astype(np.float64), target.astype(np.float64)
    signal = float(((own - own.mean()) * (aim - aim.mean())).mean())
    rest = float(np.square(aim - own).mean())
    return {"signal": signal, "rest": rest, "structured": signal > 0 and signal >= STRUCTURED_SHARE * rest}


def noisy_scale(pixels: CalibrationPixels, c: int) -> dict[str, float | None]:
    """Compute how many counts of the reference stand for one count of a noisy frame.

    Parameters
    ----------
    pixels
        Calibration pixels of counts.
    c
        Number of the channel.

    Returns
    -------
    dict
        "factor", the sum of all targets over that of their noisy frames; 1 for leave-one-out. "error", its relative
        standard error: from the spread over several fields of view, or from the number of counts in a single one. Both
        are None without counts.
    """
    noisy = np.array([own.noisy_sums[:, c].sum() for own in pixels.all])
    target = np.array([own.target(c).sum(dtype=np.float64) for own in pixels.all])
    if noisy.sum() <= 0 or target.sum() <= 0:
        return {"factor": None, "error": None}
    factor = float(target.sum() / noisy.sum())
    if len(noisy) > 1:
        # The error of a ratio of sums, from what each field leaves of the common factor.
        n = len(noisy)
        error = math.sqrt(n / (n - 1) * float(np.square(target - factor * noisy).sum())) / float(target.sum())
    else:
        error = 0.0 if math.isclose(factor, 1.0, rel_tol=1e-6) else 1 / math.sqrt(float(noisy.sum()))
    return {"factor": factor, "error": error}
