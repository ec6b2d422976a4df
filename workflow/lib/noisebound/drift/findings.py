"""Verdicts on the residuals and on the blocks without structure of one scan, as parts of ``drift/<scan>.json``."""

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

# Standard errors that a deviation must exceed; several, because many channels and lags are tested together.
ERRORS = 4.0
# Most blocks that are listed.
WORST = 5


def residual_findings(correlation: Doubles, reference: BlockTable, ndim: int, tolerance: float) -> dict[str, Any]:
    """Judge whether residuals are white noise, per channel and lag.

    Parameters
    ----------
    correlation
        (N, C, L) float64, autocorrelation of the residuals of N blocks.
    reference
        Blocks of the calibrate regions.
    ndim
        Number of spatial axes, on which the lags depend.
    tolerance
        The setting ``drift.correlation``.

    Returns
    -------
    dict
        ``verdict``, ``tolerance`` and ``channels``: per channel whether it is correlated, and per lag the mean
        autocorrelation, its standard error and its value on the calibrate regions.

    Notes
    -----
    The verdict is "correlated" where, at some lag, the autocorrelation less four standard errors exceeds ``tolerance``
    plus the calibrated value (0 if that is negative or unknown). It is "as calibrated" where it exceeds ``tolerance``
    alone: the noise was correlated on the calibrate regions already, which says nothing against this scan. Otherwise it
    is "white", or "unknown" where no autocorrelation is known.
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
    """Judge whether the image shows structure where the noisy frame shows none, on average and in single blocks.

    Parameters
    ----------
    residuals
        What the blocks of the scan say about the image.
    calibrated
        Z-scores by level and by pattern (see ``Residuals``) of the calibrate blocks without structure, (N, C) each.
    channels
        Names of the channels.
    allowed
        Share of pixels whose interval may exclude the level of their block: one minus the primary coverage.

    Returns
    -------
    dict
        ``verdict``; ``blocks``, how many show no structure; ``of``, how many there are; ``allowed``. ``channels``: per
        channel the share of pixels whose interval excludes the level of their denoised block, its standard error,
        whether it shows structure, and the number of single blocks that stand out. ``worst``: at most 5 single blocks,
        the most certain first, with their ends in pixels of the scan and the share of pixels whose interval excludes
        the level.

    Notes
    -----
    The verdict is "unknown" for fewer than 5 blocks without structure. It is "structure" where single blocks stand out
    (:func:`invented`), and where both of the following hold for a channel; otherwise it is "flat". First, the share of
    pixels whose interval excludes the level of their denoised block exceeds ``allowed`` by more than four standard
    errors over blocks. Second, the noisy frame contradicts the pattern of the image on average.
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

    The mean of ``pattern`` must exceed 0, and the mean of the ``calibrated`` blocks (N, C), by more than four standard
    errors each. A slope too faint to show in a single noisy block is therefore no invention if the noisy frame supports
    it on average; nor is a pattern that the noisy frames of the calibrate regions contradict as much.
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
