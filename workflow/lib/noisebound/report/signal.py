"""What a page says of the signal intervals: how far the denoised value may be from it, and how that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..core.statistics import correlation
from .scan_images import ScanImages

# Rank correlation of width and brightness from which on the map shows nothing but the brightness.
_PLAIN = 0.95


def about_signal(images: ScanImages, fitted: Calibration) -> dict[str, Any]:
    """Gather what a page says of the signal.

    Parameters
    ----------
    images
        The shown planes of the scan.
    fitted
        Calibration of the run.

    Returns
    -------
    dict
        signal_known (whether the images hold intervals for the signal), signal_missing (why not, or an empty text),
        signal_sources (how the noise of the reference is known, in words) and signal_parts (see :func:`parts`).
    """
    known = images.denoised.has_signal and fitted.signal is not None
    signal = fitted.content.get("signal") or {}
    return {
        "signal_known": known,
        "signal_missing": "" if known else str(fitted.content.get("signal_missing") or ""),
        "signal_sources": list(signal.get("sources", [])),
        "signal_parts": parts(images, fitted) if known else [],
    }


def parts(images: ScanImages, fitted: Calibration) -> list[dict[str, Any]]:
    """Take the width of the intervals apart, channel by channel.

    Parameters
    ----------
    images
        The shown planes of the scan, which hold intervals for the signal.
    fitted
        Calibration of the run, with intervals for the signal.

    Returns
    -------
    list of dict
        Per channel: name; half and repeat_half, mean half widths of the shown pixels; plain (whether the width follows
        the brightness alone); noise_share, the part of the squared difference to the reference that is the reference's
        noise, on the calibrate regions; error (root mean square, about the signal), error_low and error_high, which
        hold it with 90 % chance, all three there too.
    """
    entries = fitted.content["signal"]["channels"]
    rows = []
    for c, name in enumerate(images.scan.channels):
        own = entries[name]
        half, repeat = (
            float(np.mean(images.layers[layer][:, c], dtype=np.float64)) / 2 for layer in ("width", "repeat_width")
        )
        about = {key: own[key] for key in ("noise_share", "error", "error_low", "error_high")}
        plain = abs(_rank_correlation(images.layers["width"][:, c], images.layers["median"][:, c])) > _PLAIN
        rows.append({"name": name, "half": half, "repeat_half": repeat, "plain": plain, **about})
    return rows


def _rank_correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Spearman's correlation of two images; NaN where one has one value."""
    return correlation(*(pd.Series(image.ravel()).rank() for image in (a, b)))
