"""Fitting the intervals for the signal, where the noise of the reference is known."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.sources import LEAVE_ONE_OUT
from ..files.coverage_key import nominal_key
from ..files.frame_totals import poisson_interval
from .error_shape import fit_shape
from .error_variance import FEWEST_BLOCKS, fit_variance
from .predicted_scans import PredictedScans
from .signal_model import SignalModel
from .signal_pixels import SignalPixels, read_signal_pixels

logger = logging.getLogger("noisebound")
# The draw of pixels for the shape of the error; which pixels it takes hardly matters.
_SEED = 20250513
# Share of the pixels in which counts are rarest, and mean number of events per target up to which they are rare.
_LOWEST, _RARE = 0.05, 0.5
# In words, where the noise of a reference is known from.
SOURCES = {
    "counts": "the reference counts events, so that its variance is its mean (Poisson)",
    "frames": "the frames that make the target differ from each other by their noise",
    "repeats": "the repeats that make the reference differ from each other by their noise",
    "dispersed": "counts whose variance, as repeats show it, is not their mean in {channels}; the variance was taken",
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
            return None, unknown_noise(scan.name, scan.reference_kind == LEAVE_ONE_OUT)
        if SOURCES[scan.noise_source] not in sources:
            sources.append(SOURCES[scan.noise_source])
    pixels = read_signal_pixels(scans)
    if pixels is None:
        return None, "no scan has calibrate regions"
    if all(np.unique(labels).size < FEWEST_BLOCKS for labels in pixels[0].blocks):
        return None, f"the calibrate regions hold fewer than {FEWEST_BLOCKS} blocks of 8 px"
    rng = np.random.default_rng(_SEED)
    channels = {name: fit_channel(own, nominal, confidences, rng) for name, own in zip(names, pixels, strict=True)}
    unlike = [
        f"{name} ({entry['dispersion']:.2f} times)" for name, entry in channels.items() if entry["dispersion"] != 1
    ]
    if unlike:
        sources.append(SOURCES["dispersed"].format(channels=", ".join(unlike)))
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
        _rare(pixels),
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
        "dispersion": pixels.dispersion,
    }


def _rare(pixels: SignalPixels) -> float:
    """The most that the signal can be where counts are rarest; 0 for other values, and where counts are not rare.

    It is the upper end of ``poisson_interval`` for the events of the targets, over the pixels with the smallest
    medians. The same place in several frames counts once.
    """
    if pixels.count_unit is None:
        return 0.0
    lowest = pixels.median <= np.quantile(pixels.median, _LOWEST)
    target = pixels.median[lowest].astype(np.float64) + pixels.residual[lowest]
    mean, places = float(target.mean()), np.count_nonzero(lowest) / pixels.repeated
    events = max(mean / pixels.count_unit, 0.0) * places
    limit = float(poisson_interval(events)[1]) / places * pixels.count_unit
    # Where a pixel holds some events, the fitted error tells how far the signal may be.
    return limit if mean / pixels.count_unit < _RARE else 0.0


def unknown_noise(scan: str, leave_one_out: bool = False) -> str:
    """Say why there are no intervals for the signal where nothing is known of a reference's noise.

    Parameters
    ----------
    scan
        Name of the scan.
    leave_one_out
        Whether its other frames are the target.

    Returns
    -------
    str
        Part of a sentence, with the remedy.
    """
    if leave_one_out:
        return f"nothing is known about the noise of the targets of {scan}: two frames show no variance, three would"
    return (
        f"nothing is known about the noise of the reference of {scan}: it is one measurement, and not of counts. Give "
        "two or more repeats as its reference (their files in one cell of the scan sheet), and it will be known"
    )
