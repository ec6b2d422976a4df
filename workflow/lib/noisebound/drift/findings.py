"""The findings of a check: likeness to the calibrated scans, residuals, background, invented structure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import stdtrit

from ..calibration.exchangeability import needed_scans
from .block_statistics import BlockTable, Doubles, compared
from .residuals import Residuals, lags, mean_and_error
from .similarity import Comparison, compare_blocks, compare_scans, means_by_field

# Several channels and lags are looked at together, so a deviation must exceed its standard error by so many times.
ERRORS = 4.0
# Fewest blocks without structure that say anything.
FLAT_BLOCKS = 5
# Chance that one of all blocks of a scan without structure is called wrong where none is.
BY_CHANCE = 0.001
# Blocks that are listed at most.
WORST = 5
# Standard deviations of a normal variable per median absolute deviation, and the ends of its middle 95 %.
_MAD, _TWO_SIDED_95 = 1.4826, 1.96


def likeness(
    reference: BlockTable, table: BlockTable, level: float, difference: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare the blocks of one scan with the calibrated ones; the part of the file that says how alike they are.

    Whole scans are the unit where enough of them calibrate for the test to be able to reach ``level``, else blocks are.
    """
    names, calibrated, new = compared(reference, table)
    whole = [number for number in range(len(reference.fields)) if reference.whole[number]]
    enough = needed_scans("scan", 1 - level, 0.5)
    by_scan = compare_scans(means_by_field(calibrated, reference.field, whole), new.mean(axis=0))
    found: Comparison = by_scan if len(whole) >= enough else compare_blocks(calibrated, new, draws, rng)
    gap = np.maximum(found.superiority, 1 - found.superiority)
    matters = gap >= difference if found.unit == "block" else np.ones(len(gap), dtype=bool)
    told = (found.adjusted <= level) & matters
    if told.any():
        verdict = "unlike"
    elif found.resolution is None or found.resolution > level:
        verdict = "too few"
    else:
        verdict = "like"
    order = np.lexsort((-gap, found.adjusted, ~told))
    centres = np.median(calibrated, axis=0), np.median(new, axis=0)
    return {
        "verdict": verdict,
        "unit": found.unit,
        "p": found.p,
        "resolution": found.resolution,
        "scan_p": by_scan.p if len(whole) > 1 else None,
        "n_blocks": len(table),
        "n_calibrate_blocks": len(reference),
        "n_calibrate_scans": len(whole),
        "needed_scans": enough,
        "statistics": [
            {
                "kind": names[i][0],
                "of": names[i][1],
                "p": float(found.adjusted[i]),
                "superiority": float(found.superiority[i]),
                "told": bool(told[i]),
                "here": float(centres[1][i]),
                "calibrated": float(centres[0][i]),
            }
            for i in order
        ],
    }


def residual_findings(correlation: Doubles, reference: BlockTable, ndim: int, tolerance: float) -> dict[str, Any]:
    """What residuals say: per channel and lag the autocorrelation, its error, and that on the calibrate regions.

    ``correlation`` is (N, C, L). White noise gives 0 within a few errors. ``verdict``: "correlated" where, at some lag,
    the autocorrelation exceeds by more than ``tolerance`` and four standard errors both 0 and what the calibrate
    regions have (noise that was correlated there already says nothing about this scan); else "white", or "unknown".
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
    left: Residuals, even: tuple[Doubles, Doubles], channels: Sequence[str], allowed: float
) -> dict[str, Any]:
    """What places without structure say, on average and one by one.

    ``left`` describes the blocks of the scan, ``even`` are ``level`` and ``pattern`` (see ``Residuals``) of those
    blocks of the calibrate regions that show no structure. ``verdict``: "structure" where the share of pixels whose
    interval leaves out the level of their block exceeds ``allowed``, one minus the primary coverage, by more than four
    standard errors over blocks, and the noisy frame contradicts the pattern of the image there (mean of ``pattern``
    more than four standard errors above both 0 and its mean in ``even``), or where single blocks stand out
    (``invented``); else "flat", or "unknown" with fewer than 5 such places. ``worst`` lists single blocks, the most
    certain first, with their ends in pixels of the scan.
    """
    number = int(left.flat.sum())
    about = {"blocks": number, "of": len(left.flat), "allowed": allowed}
    if number < FLAT_BLOCKS:
        return {"verdict": "unknown", **about, "channels": [], "worst": []}
    share, error = mean_and_error(left.beyond[left.flat])
    # A slope too faint to see in a single noisy block is no invention where the noisy frame bears it out on average;
    # nor is a pattern that the noisy frames of the calibrate regions contradict as much.
    against, spread = mean_and_error(left.pattern[left.flat])
    spread = np.maximum(spread, 1 / math.sqrt(number))
    contradicted = against > ERRORS * spread
    if len(even[1]) >= FLAT_BLOCKS:
        usual, unsure = mean_and_error(even[1])
        unsure = np.hypot(spread, np.maximum(unsure, 1 / math.sqrt(len(even[1]))))
        contradicted &= against - usual > ERRORS * unsure
    over = (share - ERRORS * error > allowed) & contradicted
    certainty, wrong = invented(left, even, min(2 * allowed, 0.5))
    order = np.argsort(np.where(certainty > 1, -certainty, 0), axis=None, kind="stable")
    picked = [np.unravel_index(i, certainty.shape) for i in order[: min(WORST, int((certainty > 1).sum()))]]
    places = np.flatnonzero(left.flat)
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
        "worst": [
            {
                "channel": channels[c],
                "lower": [int(end) for end in left.lower[places[i]]],
                "upper": [int(end) for end in left.upper[places[i]]],
                "share": float(wrong[i, c]),
            }
            for i, c in picked
        ],
    }


def invented(left: Residuals, even: tuple[Doubles, Doubles], least: float) -> tuple[Doubles, Doubles]:
    """Of the M even blocks, per channel, how certainly the image is wrong there, and in which share of its pixels.

    Both are (M, C). Certainty is 0 where the intervals of at most the share ``least`` of a block's pixels leave out the
    level, else |z| over its bound, so that above 1 even the largest of this many z would be by chance in one of 1000
    scans. Two z count: ``level`` against the level of the noisy block, for structure as wide as a block, and
    ``pattern`` against that of the denoised one, for finer structure. They are in units of their own spread, for noise
    is correlated and images are biased to some degree: the largest of 1, that of most of these blocks (from the median
    absolute deviation), and that of 95 of 100 of the calibrate regions'. The level is judged beside the scan's own
    other blocks, because what is wrong in all of them alike is a bias and no structure.
    """
    level, pattern = left.level[left.flat], left.pattern[left.flat]
    beyond, off = left.beyond[left.flat], left.off[left.flat]
    # Three chances per block and channel: too bright, too dark, a pattern. Student's t, as the spread is estimated.
    bound = -float(stdtrit(max(len(level) - 1, 1), BY_CHANCE / (3 * level.size)))
    scores = []
    for values, usual in zip((level, pattern), even, strict=True):
        centre = np.median(values, axis=0)
        spread = np.maximum(1.0, _MAD * np.median(np.abs(values - centre), axis=0))
        if len(usual) >= FLAT_BLOCKS:
            away = np.abs(usual - np.median(usual, axis=0))
            spread = np.maximum(spread, np.quantile(away, 0.95, axis=0) / _TWO_SIDED_95)
        scores.append((values, centre, spread))
    (values, centre, spread), (against, usually, wide) = scores
    by_level = np.where(off > least, np.abs(values - centre) / spread, 0.0) / bound
    # An image that follows the noise has a negative pattern everywhere; that excuses none that shows what is not there.
    by_pattern = np.where(beyond > least, (against - np.maximum(usually, 0)) / wide, 0.0) / bound
    return np.maximum(by_level, by_pattern), np.where(by_level >= by_pattern, off, beyond)
