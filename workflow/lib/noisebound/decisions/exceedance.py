"""Where a channel exceeds a threshold at a stated confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calibration.interval_ends import Quantiles
from ..calibration.intervals import Calibration
from ..core.errors import InputError

BELOW, UNDECIDED, ABOVE = np.uint8(0), np.uint8(1), np.uint8(2)
EXCEED_KEYS = ("name", "channel", "above", "confidence")


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
        Where an entry lacks one of ``EXCEED_KEYS`` or names an unknown channel.
    """
    for i, entry in enumerate(exceed):
        for key in EXCEED_KEYS:
            if key not in entry:
                raise InputError(
                    f"{key!r} is missing", key=f"decisions.exceed[{i}]", remedy=f"give {', '.join(EXCEED_KEYS)}"
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
        Lower and upper bound on the reference measurement, each at the same confidence; float32 of one shape.
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
    """

    decided: NDArray[np.uint8]
    excess: NDArray[np.float64]


def decide(
    calibration: Calibration, entry: Mapping[str, Any], quantiles: Quantiles, tokens: NDArray[Any] | None
) -> Decided:
    """Decide for every pixel whether a channel exceeds the threshold of an entry of ``decisions.exceed``.

    Parameters
    ----------
    calibration
        The corrections.
    entry
        Mapping with "channel", "above" (the threshold) and "confidence" (of both one-sided bounds).
    quantiles
        Predicted lower, median and upper of that channel, float32 of one shape.
    tokens
        Label image of that shape, needed where corrections depend on tokens; else None.

    Returns
    -------
    Decided
        Decision and excess at every pixel.

    Raises
    ------
    InputError
        Where the confidence was not calibrated, or tokens are needed and missing.
    """
    above = float(entry["above"])
    low, high = (
        calibration.bound(side, *quantiles, entry["confidence"], entry["channel"], tokens)
        for side in ("lower", "upper")
    )
    return Decided(exceedance(low, high, above), low.astype(np.float64) - above)
