"""What a page says of the signal intervals: how far the denoised value may be from it, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..calibration.intervals import Calibration
from .numbers import nominal_percent, number
from .scan_images import ScanImages


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
        Per channel: name; half and repeat_half, mean half widths of the shown pixels; noise_share, the part of the
        squared difference to the reference that is the reference's noise, on the calibrate regions; error (root mean
        square, about the signal), error_low and error_high, which hold it with 90 % chance, all three there too.
    """
    entries = fitted.content["signal"]["channels"]
    rows = []
    for c, name in enumerate(images.scan.channels):
        own = entries[name]
        half, repeat = (
            float(np.mean(images.layers[layer][:, c], dtype=np.float64)) / 2 for layer in ("width", "repeat_width")
        )
        about = {key: own[key] for key in ("noise_share", "error", "error_low", "error_high")}
        rows.append({"name": name, "half": half, "repeat_half": repeat, **about})
    return rows


def signal_words(rows: Sequence[Mapping[str, Any]], among: str, unit: str, primary: float) -> str | None:
    """State in one sentence how far the signal lies from the denoised image.

    Parameters
    ----------
    rows, among
        Rows of the test results, one per channel, and which channels these are, in words (see
        ``result_rows.with_structure``).
    unit
        Unit of the intensities.
    primary
        Nominal coverage of the delivered intervals.

    Returns
    -------
    str or None
        ``None`` where no interval for the signal is known.
    """
    known = [f"±{number(row['signal']['half'])} ({row['name']})" for row in rows if row.get("signal")]
    if not known:
        return None
    where = f"in {among}, " if among and len(known) > 1 else ""
    listed = " and ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)
    words = f"{listed} {unit}".rstrip()
    sentence = f"{where}the signal lies within {words} of the denoised image at {nominal_percent(primary)}."
    return sentence[0].upper() + sentence[1:]
