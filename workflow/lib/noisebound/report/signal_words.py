"""What the first lines of a page say of the signal intervals: their width, what they promise, and whether they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..calibration.intervals import Calibration
from .numbers import nominal_percent, number

# The error found over the one expected, from which on the intervals are contradicted: by the lower end of its interval,
# or, without one, by itself.
_CLEARLY, _MUCH = 1.25, 3.0


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
    return " ".join([sentence[0].upper() + sentence[1:], *_contradictions(rows)])


def _contradictions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Channels whose test region shows clearly more error than their intervals expect, in a sentence."""
    found = []
    for row in rows:
        signal = row.get("signal") or {}
        value, low = signal.get("error_ratio"), signal.get("error_low")
        if value is not None and (low > _CLEARLY if low is not None else value > _MUCH):
            found.append(f"{row['name']} ({number(value)} times)")
    if not found:
        return []
    return [
        f"Do not rely on it in {', '.join(found)}: on the test region, the squared error is so much larger than this "
        "interval expects."
    ]
