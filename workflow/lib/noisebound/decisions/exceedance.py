"""Where a channel exceeds a threshold at a stated confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calibration.image_slope import squared_slope
from ..calibration.interval_ends import SIDES, Quantiles
from ..calibration.intervals import Calibration
from ..core.errors import InputError

BELOW, UNDECIDED, ABOVE = np.uint8(0), np.uint8(1), np.uint8(2)
NEEDED_KEYS = ("name", "channel", "above", "confidence")
EXCEED_KEYS = (*NEEDED_KEYS, "of")


def check_exceed(exceed: Sequence[Mapping[str, Any]], channels: Sequence[str]) -> None:
    """Check the entries of ``decisions.exceed``.

    Parameters
    ----------
    exceed
        Entries of ``decisions.exceed``.
    channels
        Names of the channels of the scan.

    Raises
    ------
    InputError
        Where an entry lacks one of ``NEEDED_KEYS`` or names an unknown channel.
    """
    for i, entry in enumerate(exceed):
        for key in NEEDED_KEYS:
            if key not in entry:
                raise InputError(
                    f"{key!r} is missing", key=f"decisions.exceed[{i}]", remedy=f"give {', '.join(NEEDED_KEYS)}"
                )
        if entry["channel"] not in channels:
            raise InputError(
                "there is no such channel",
                key=f"decisions.exceed[{i}].channel",
                value=entry["channel"],
                remedy=f"use one of {', '.join(channels)}",
            )


def exceedance(lower: NDArray[np.float32], upper: NDArray[np.float32], above: float) -> NDArray[np.uint8]:
    """Compare one-sided bounds with a threshold, pixel by pixel.

    Parameters
    ----------
    lower, upper
        Lower and upper bound on the signal or on a repeat measurement, each at the same confidence; float32 of one
        shape.
    above
        The threshold, in the unit of the reference.

    Returns
    -------
    ndarray
        uint8 of the shape of the bounds. 2 (above): the lower bound exceeds the threshold. 0 (below): the upper bound
        does not exceed it. 1 (undecided): neither is true, or both are, because bounds at a low confidence may cross.
    """
    is_above, is_below = lower > above, upper <= above
    return np.select([is_above & ~is_below, is_below & ~is_above], [ABOVE, BELOW], UNDECIDED).astype(np.uint8)


@dataclass(frozen=True)
class Decided:
    """The decision on one entry of ``decisions.exceed`` at every pixel.

    Attributes
    ----------
    decided
        Map of :func:`exceedance`, uint8.
    excess
        Lower bound minus threshold, float64 of the same shape, in the unit of the reference.
    of
        What was decided about: "signal" or "repeat".
    """

    decided: NDArray[np.uint8]
    excess: NDArray[np.float64]
    of: str = "repeat"


def decided_of(calibration: Calibration, entry: Mapping[str, Any]) -> str:
    """Say what an entry of ``decisions.exceed`` is decided about.

    Parameters
    ----------
    calibration
        The calibration.
    entry
        The entry; its "of" is "signal" or "repeat", and "repeat" where it is missing.

    Returns
    -------
    str
        "signal" where the entry asks for it and the noise of the reference is known; else "repeat".
    """
    return "signal" if entry.get("of", "repeat") == "signal" and calibration.signal is not None else "repeat"


def decide(
    calibration: Calibration,
    entry: Mapping[str, Any],
    quantiles: Quantiles,
    tokens: NDArray[Any] | None,
    slope: NDArray[np.float32] | None = None,
) -> Decided:
    """Decide for every pixel whether a channel exceeds the threshold of an entry of ``decisions.exceed``.

    What exceeds it is the signal, where the entry asks for that and the noise of the reference is known; otherwise a
    repeat measurement like the reference (:func:`decided_of`).

    Parameters
    ----------
    calibration
        The corrections.
    entry
        Mapping with "channel", "above" (the threshold), "confidence" (of both one-sided bounds) and "of".
    quantiles
        Predicted lower, median and upper of that channel, float32 of one shape.
    tokens
        Label image of that shape, needed where corrections depend on tokens; else None.
    slope
        Squared slope of the median (see ``calibration.image_slope``); None where the quantiles are a whole image,
        from which it is computed.

    Returns
    -------
    Decided
        Decision and excess at every pixel, and what they are about.

    Raises
    ------
    InputError
        Where the confidence was not calibrated, or tokens are needed and missing.
    """
    above, of = float(entry["above"]), decided_of(calibration, entry)
    if of == "signal":
        median = quantiles[1]
        steep = squared_slope(median) if slope is None else slope
        low, high = (
            calibration.signal_bound(side, median, steep, entry["confidence"], entry["channel"]) for side in SIDES
        )
    else:
        low, high = (
            calibration.bound(side, *quantiles, entry["confidence"], entry["channel"], tokens) for side in SIDES
        )
    return Decided(exceedance(low, high, above), low.astype(np.float64) - above, of)
