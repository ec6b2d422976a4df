"""What the residuals and the places without structure of one scan say, as parts of ``drift/<scan>.json``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .autocorrelation import lags
from .block_statistics import Doubles
from .block_table import BlockTable
from .invented import FLAT_BLOCKS, invented
from .residuals import Residuals, mean_and_error

# Several channels and lags are looked at together, so a deviation must exceed its standard error by so many times.
ERRORS = 4.0
# Blocks that are listed at most.
WORST = 5


def residual_findings(correlation: Doubles, reference: BlockTable, ndim: int, tolerance: float) -> dict[str, Any]:
    """Whether residuals are white: per channel and lag their autocorrelation, its error, and the calibrated value.

    The verdict is "correlated" where, at some lag, the autocorrelation exceeds both 0 and its value on the calibrate
    regions by more than ``tolerance`` and four standard errors. It is "as calibrated" where it so exceeds 0 alone:
    noise that was correlated there already says nothing about this scan. Else it is "white", or "unknown" where no
    autocorrelation is known.

    Parameters
    ----------
    correlation
        Autocorrelation of the residuals of N blocks, (N, C, L).
    reference
        The blocks of the calibrate regions.
    ndim
        Number of spatial axes, which decides about the lags.
    tolerance
        The setting ``drift.correlation``.
    """
    mean, error = mean_and_error(correlation)
    usual, _ = mean_and_error(reference.residual)
    base = np.maximum(np.where(np.isfinite(usual), usual, 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        over = mean - ERRORS * error > base + tolerance
        nonzero = mean - ERRORS * error > tolerance
    known = np.isfinite(mean) & np.isfinite(error)
    channels = [
        {
            "channel": channel,
            "correlated": bool(over[c].any()),
            "lags": [
                {
                    "lag": list(lag),
                    "correlation": float(mean[c, i]),
                    "error": float(error[c, i]),
                    "calibrated": float(usual[c, i]),
                }
                for i, lag in enumerate(lags(ndim))
            ],
        }
        for c, channel in enumerate(reference.channels)
    ]
    if over.any():
        verdict = "correlated"
    elif nonzero.any():
        verdict = "as calibrated"
    else:
        verdict = "white" if known.any() else "unknown"
    return {"verdict": verdict, "tolerance": tolerance, "channels": channels}


def background_findings(
    residuals: Residuals, calibrated: tuple[Doubles, Doubles], channels: Sequence[str], allowed: float
) -> dict[str, Any]:
    """Whether the image shows structure where the noisy frame shows none, on average and in single blocks.

    The verdict is "structure" where both of this hold for a channel: more than ``allowed`` of the pixels have an
    interval that excludes the level of their block, by more than four standard errors over blocks; and the noisy frame
    contradicts the pattern of the image. It is also "structure" where single blocks stand out (:func:`invented`). Else
    it is "flat", or "unknown" with fewer than 5 such places.

    Parameters
    ----------
    residuals
        Of the blocks of the scan.
    calibrated
        ``level`` and ``pattern`` (see ``Residuals``) of the blocks of the calibrate regions that show no structure.
    channels
        Their names.
    allowed
        Share of pixels whose interval may exclude the level: one minus the primary coverage.

    Returns
    -------
    dict
        Per channel the share and its error; ``worst`` lists single blocks, the most certain first, with their ends in
        pixels of the scan.
    """
    number = int(residuals.flat.sum())
    about = {"blocks": number, "of": len(residuals.flat), "allowed": allowed}
    if number < FLAT_BLOCKS:
        return {"verdict": "unknown", **about, "channels": [], "worst": []}
    share, error = mean_and_error(residuals.beyond[residuals.flat])
    over = (share - ERRORS * error > allowed) & _contradicted(residuals.pattern[residuals.flat], calibrated[1])
    certainty, wrong = invented(residuals, calibrated, min(2 * allowed, 0.5))
    single = (certainty > 1).sum(axis=0)
    return {
        "verdict": "structure" if over.any() or single.any() else "flat",
        **about,
        "channels": [
            {
                "channel": name,
                "share": float(share[c]),
                "error": float(error[c]),
                "structure": bool(over[c] or single[c]),
                "single": int(single[c]),
            }
            for c, name in enumerate(channels)
        ],
        "worst": _worst(residuals, certainty, wrong, channels),
    }


def _contradicted(pattern: Doubles, calibrated: Doubles) -> NDArray[np.bool_]:
    """Channels (C,) in which the noisy frame contradicts the pattern of the image, on average over blocks (M, C).

    The mean of ``pattern`` must exceed 0 and that of the ``calibrated`` blocks (N, C) by more than four standard
    errors. A slope too faint to show in a single noisy block is so no invention if the noisy frame supports it on
    average, nor is a pattern that the noisy frames of the calibrate regions contradict as much.
    """
    mean, error = mean_and_error(pattern)
    error = np.maximum(error, 1 / math.sqrt(len(pattern)))
    contradicted: NDArray[np.bool_] = mean > ERRORS * error
    if len(calibrated) >= FLAT_BLOCKS:
        usual, unsure = mean_and_error(calibrated)
        unsure = np.hypot(error, np.maximum(unsure, 1 / math.sqrt(len(calibrated))))
        contradicted &= mean - usual > ERRORS * unsure
    return contradicted


def _worst(residuals: Residuals, certainty: Doubles, wrong: Doubles, channels: Sequence[str]) -> list[dict[str, Any]]:
    """At most ``WORST`` of the blocks whose ``certainty`` (M, C) exceeds 1, the most certain first."""
    order = np.argsort(np.where(certainty > 1, -certainty, 0), axis=None, kind="stable")
    picked = [np.unravel_index(i, certainty.shape) for i in order[: min(WORST, int((certainty > 1).sum()))]]
    places = np.flatnonzero(residuals.flat)
    return [
        {
            "channel": channels[c],
            "lower": [int(end) for end in residuals.lower[places[i]]],
            "upper": [int(end) for end in residuals.upper[places[i]]],
            "share": float(wrong[i, c]),
        }
        for i, c in picked
    ]
