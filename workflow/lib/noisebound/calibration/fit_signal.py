"""Fitting the intervals for the signal, where the noise of the reference is known."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..files.coverage_key import nominal_key
from .error_shape import fit_shape
from .error_variance import FEWEST_BLOCKS, fit_variance
from .predicted_scans import PredictedScans
from .signal_model import SignalModel
from .signal_pixels import SignalPixels, read_signal_pixels

logger = logging.getLogger("noisebound")
# The draw of pixels for the shape of the error; which pixels it takes hardly matters.
_SEED = 20250513
# In words, where the noise of a reference is known from.
SOURCES = {
    "counts": "the reference counts events, so that its variance is its mean (Poisson)",
    "frames": "the frames that make the target differ from each other by their noise",
    "repeats": "the repeats that make the reference differ from each other by their noise",
    "truth": "the reference is the true signal and has no noise",
}


def fit_signal(
    scans: PredictedScans, nominal: Sequence[float], confidences: Sequence[float]
) -> tuple[dict[str, Any] | None, str]:
    """Fit the intervals for the signal on the calibrate regions of all scans.

    Parameters
    ----------
    scans
        Files of the scans.
    nominal
        Coverages of the intervals.
    confidences
        Confidences of one-sided bounds.

    Returns
    -------
    content : dict or None
        "signal" of ``calibration.json``: "sources" in words, and per channel an entry (see ``signal_model``) with what
        the pages say; None where the intervals cannot be made.
    why : str
        Why not, in words; empty where they can.
    """
    sources: list[str] = []
    names: tuple[str, ...] = ()
    for ensemble, scan, _ in scans.with_role("calibrate"):
        names = tuple(ensemble.channels)
        if scan.noise_source is None:
            return None, unknown_noise(scan.name)
        if SOURCES[scan.noise_source] not in sources:
            sources.append(SOURCES[scan.noise_source])
    pixels = read_signal_pixels(scans)
    if pixels is None:
        return None, "no scan has calibrate regions"
    if all(np.unique(labels).size < FEWEST_BLOCKS for labels in pixels[0].blocks):
        return None, f"the calibrate regions hold fewer than {FEWEST_BLOCKS} blocks of 8 px"
    rng = np.random.default_rng(_SEED)
    channels = {name: fit_channel(own, nominal, confidences, rng) for name, own in zip(names, pixels, strict=True)}
    for name, entry in channels.items():
        logger.info(
            "%s: error about the signal %.4g (1 sd), which is %.0f %% of the squared residuals",
            name,
            entry["error"],
            100 * (1 - entry["noise_share"]),
        )
    return {"sources": sources, "channels": channels}, ""


def fit_channel(
    pixels: SignalPixels, nominal: Sequence[float], confidences: Sequence[float], rng: np.random.Generator
) -> dict[str, Any]:
    """Fit the intervals for the signal of one channel.

    Parameters
    ----------
    pixels
        Its calibration pixels.
    nominal, confidences
        Coverages of intervals, and confidences of one-sided bounds.
    rng
        Draws pixels for the shape of the error.

    Returns
    -------
    dict
        Entry of the channel: what ``SignalModel.stored`` returns; "error", its root mean variance, with "error_low" and
        "error_high", which hold it with 90 % chance; and "noise_share", the part of the squared residuals that is the
        reference's noise, from 0 to 1.
    """
    fitted = fit_variance(pixels)
    shape = fit_shape(pixels, fitted, rng)

    def quantiles(low: float, high: float) -> tuple[float, float]:
        return shape.quantile(low, fitted.factors), shape.quantile(high, fitted.factors)

    model = SignalModel(
        fitted.variance,
        {nominal_key(value): quantiles((1 - value) / 2, (1 + value) / 2) for value in nominal},
        {nominal_key(value): quantiles(1 - value, value) for value in confidences},
        float(fitted.factors.mean()),
    )
    mean = float(fitted.variance.of(pixels.median, pixels.slope).mean())
    squared = float(np.square(pixels.residual).mean())
    low, high = np.quantile(fitted.factors, [0.05, 0.95])
    error = model.factor * mean
    return model.stored() | {
        "error": float(np.sqrt(error)),
        "error_low": float(np.sqrt(low * mean)),
        "error_high": float(np.sqrt(high * mean)),
        "noise_share": float(np.clip(pixels.noise.mean() / squared, 0.0, 1.0)) if squared > 0 else 0.0,
        "relative_error": fitted.error,
    }


def unknown_noise(scan: str) -> str:
    """Say why there are no intervals for the signal where nothing is known of a reference's noise.

    Parameters
    ----------
    scan
        Name of the scan.

    Returns
    -------
    str
        Part of a sentence, with the remedy.
    """
    return (
        f"nothing is known about the noise of the reference of {scan}: it is one measurement, and not of counts. Give "
        "two or more repeats as its reference (their files in one cell of the scan sheet), and it will be known"
    )
