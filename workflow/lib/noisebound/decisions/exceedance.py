"""Where a channel exceeds a threshold at a stated confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    """Map of one-sided bounds against a threshold, uint8 of their shape: 0 below, 1 undecided, 2 above.

    ``lower`` and ``upper`` bound the reference measurement from one side each, at the same confidence. A pixel is
    above where its lower bound exceeds the threshold, below where its upper bound does not; where both hold (bounds
    at a low confidence may cross) it is undecided.
    """
    is_above, is_below = lower > above, upper <= above
    return np.select([is_above & ~is_below, is_below & ~is_above], [ABOVE, BELOW], UNDECIDED).astype(np.uint8)
