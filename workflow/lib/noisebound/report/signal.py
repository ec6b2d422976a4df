"""What a page says of the signal intervals: how far the denoised value may be from it, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from .numbers import nominal_percent, number
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
    """Spearman's correlation of two images, ties in the order of the pixels; 0 where one has one value."""
    if a.min() == a.max() or b.min() == b.max():
        return 0.0
    first, second = (np.argsort(np.argsort(image.ravel(), kind="stable"), kind="stable") for image in (a, b))
    return float(np.corrcoef(first, second)[0, 1])


def signal_promise(fitted: Calibration) -> str:
    """Say what the signal interval promises, and on what that rests.

    Parameters
    ----------
    fitted
        Calibration of the run.

    Returns
    -------
    str
        Sentences; why there is no such interval, or empty where nothing is known of it.
    """
    signal = fitted.content.get("signal")
    if not signal:
        missing = str(fitted.content.get("signal_missing") or "")
        return f"There is none: {missing}." if missing else ""
    share = f"{100 * fitted.primary:.3g}"
    return (
        f"In about {share} of 100 pixels of a channel, the {share} % interval holds what a measurement without noise "
        "would show: over fields of view like the calibrate regions, all pixels taken together. This rests on two "
        f"assumptions: {'; '.join(signal['sources'])}; and elsewhere the error of the image depends on intensity and "
        "steepness as it does there. It cannot be counted on measured data, where the signal is not known; "
        "docs/calibration-study.md shows it on simulated images. Nothing is promised about a single pixel, or about a "
        "structure that the networks never saw."
    )


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
    sentence = f"{where}the {nominal_percent(primary)} signal interval is {listed} {unit}".rstrip() + " on average."
    return sentence[0].upper() + sentence[1:]
