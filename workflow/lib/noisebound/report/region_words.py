"""What a page says about regions in words: their ranks, what their pixels were used for, and their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..files.scan import Scan
from .numbers import integer, number, percent

# Columns of each channel, as ``files.frame_totals`` names them; that module needs more than pages do.
TOTALS = ("total", "total_low", "total_high")


def ranks_in_words(rank: int, ranks: Sequence[int]) -> str:
    """Write the rank of a region, or the ranks that it cannot be told apart from.

    Parameters
    ----------
    rank
        Its rank.
    ranks
        Ranks of all regions of the table.

    Returns
    -------
    str
        "2", or "1–3" where three regions share rank 1.
    """
    last = rank + sum(other == rank for other in ranks) - 1
    return str(rank) if last == rank else f"{rank}–{last}"


def total_in_words(record: Mapping[str, Any], channel: str | None) -> str:
    """Write the total of a channel with its 95 % interval.

    Parameters
    ----------
    record
        A row of ``decisions/<scan>.csv`` or ``tokens/<scan>.csv``.
    channel
        Name of the channel, or None.

    Returns
    -------
    str
        "412 (373 – 454)"; without an interval where none is known, and empty where there is no total.
    """
    total, low, high = (float(record.get(f"{channel}_{kind}", np.nan)) for kind in TOTALS)
    if channel is None or not np.isfinite(total):
        return ""
    return f"{number(total)} ({number(low)} – {number(high)})" if np.isfinite(low) else number(total)


def role_in_words(record: Mapping[str, Any]) -> str:
    """Write what most pixels of a region were used for.

    Parameters
    ----------
    record
        A row of ``decisions/<scan>.csv``.

    Returns
    -------
    str
        "train, 95 %"; the role alone where all pixels have it or no share is known, empty without a role.
    """
    role = record.get("role")
    if not isinstance(role, str):
        return ""
    if role == "none":
        return "between regions"
    share = float(record.get(f"share_{role}", np.nan))
    return role if not np.isfinite(share) or share >= 1 else f"{role}, {percent(share, 0)}"


def trained_on(table: pd.DataFrame) -> str:
    """Say how many of the pixels of all regions above a threshold the networks were trained on.

    Parameters
    ----------
    table
        The rows of one threshold.

    Returns
    -------
    str
        A sentence; empty where no pixel was, or nothing is known.
    """
    if not len(table) or "share_train" not in table or not float(table["pixels"].sum()):
        return ""
    share = float((table["share_train"] * table["pixels"]).sum() / table["pixels"].sum())
    if not share > 0:
        return ""
    where = "this region lies" if len(table) == 1 else f"the pixels of these {integer(len(table))} regions lie"
    return f"{percent(share, 0)} of {where} where the networks were trained: they have seen the reference there."


def untested(precision: Mapping[str, Any] | None, regions: int) -> str:
    """Say that a threshold cannot be tested, where that is so.

    Parameters
    ----------
    precision
        The number of pixels "called" above on the test region; None without a reference or test region.
    regions
        Number of regions above the threshold.

    Returns
    -------
    str
        A sentence; empty where pixels are called on the test region, or there is nothing to test.
    """
    if not regions or (precision is not None and precision["called"]):
        return ""
    why = (
        "it has no test region with a reference" if precision is None else "no pixel of its test region is called above"
    )
    return f"How many of these calls are right cannot be tested on this scan: {why}."


def totals_in_words(scan: Scan, denoised: int) -> str:
    """Say what the totals of regions and tokens are.

    Parameters
    ----------
    scan
        The scan.
    denoised
        Number of the frame that was denoised.

    Returns
    -------
    str
        Sentences.
    """
    others = scan.n_frames - 1
    what = "counts" if scan.counts else "values"
    if others:
        frames = "the frame" if others == 1 else f"the {others} frames"
        words = (
            f"Totals are sums of the raw {what}, per frame: the mean over {frames} that the denoised image was not "
            "made from, so that nothing which stands out by chance in that one adds to them."
        )
    else:
        words = (
            f"Totals are sums of the raw {what} of the one frame. A region that was picked because it is bright there "
            "is bright by chance as well: its total tends to be too high, that of a dark token too low, and no error "
            "is printed. With a second frame in the scan sheet, totals come from that one and have an error."
        )
    if scan.counts and others:
        words += " In brackets their 95 % interval: that of a Poisson number, or that over the frames if it is wider."
    elif others > 1:
        words += " In brackets the 95 % interval from the spread over these frames."
    if scan.reference_kind == "measured" or not scan.has_reference:
        words += " They are in the unit of the noisy frame, whatever that of the reference."
    return words
