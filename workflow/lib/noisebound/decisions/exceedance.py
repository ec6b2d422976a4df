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
    """Raise ``InputError`` for an entry of ``decisions.exceed`` that lacks a key or names an unknown channel."""
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
    """Map of one-sided bounds against a threshold.

    Parameters
    ----------
    lower, upper
        Bounds on the reference measurement, from one side each, at the same confidence; float32 of one shape.
    above
        The threshold.

    Returns
    -------
    ndarray
        uint8 of the shape of the bounds: 2 (above) where the lower bound exceeds the threshold, 0 (below) where the
        upper bound does not; 1 (undecided) where neither or both hold, as bounds at a low confidence may cross.
    """
    is_above, is_below = lower > above, upper <= above
    return np.select([is_above & ~is_below, is_below & ~is_above], [ABOVE, BELOW], UNDECIDED).astype(np.uint8)


@dataclass(frozen=True)
class Decided:
    """An entry of ``decisions.exceed`` at every pixel.

    Attributes
    ----------
    decided
        Map of :func:`exceedance`.
    excess
        Lower bound minus threshold, float64 of the same shape.
    """

    decided: NDArray[np.uint8]
    excess: NDArray[np.float64]


def decide(
    calibration: Calibration, entry: Mapping[str, Any], quantiles: Quantiles, tokens: NDArray[Any] | None
) -> Decided:
    """Decide an ``entry`` of ``decisions.exceed`` by bounds at its own confidence.

    Parameters
    ----------
    calibration
        The corrections.
    entry
        {"channel", "above", "confidence"}.
    quantiles
        Predicted lower, median and upper of that channel.
    tokens
        Label image, needed where corrections depend on it.
    """
    above = float(entry["above"])
    low, high = (
        calibration.bound(side, *quantiles, entry["confidence"], entry["channel"], tokens)
        for side in ("lower", "upper")
    )
    return Decided(exceedance(low, high, above), low.astype(np.float64) - above)
