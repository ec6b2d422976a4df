"""Rows and columns of ``decisions/<scan>.csv``: one region per row, with its place, its roles and its totals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..core.roles import DISJOINT_ROLES
from ..files.frame_totals import TOTALS, Totals
from ..files.predictions import Predictions
from .region_roles import main_role


def columns(ndim: int, channels: Sequence[str]) -> list[str]:
    """List the columns of ``decisions/<scan>.csv``.

    Parameters
    ----------
    ndim
        Number of spatial axes of the scan, 2 or 3.
    channels
        Names of its channels.

    Returns
    -------
    list of str
        Names in their order. "of" is what exceeds the threshold, signal or repeat. "role" is what most pixels of the
        region were used for, "share_<role>" their share. "<channel>_total" is the sum of the raw noisy frame over the
        region, the mean over "frames" frames.
    """
    axes = "zyx"[-ndim:]
    names = ["kind", "name", "rank", "channel", "threshold", "confidence", "score", "pixels", "area", "unit"]
    names += [f"{axis}{end}{suffix}" for suffix in ("_px", "") for axis in axes for end in (0, 1)]
    names += ["of", "score_error", "role", *(f"share_{role}" for role in DISJOINT_ROLES), "frames"]
    return names + [f"{channel}_{kind}" for channel in channels for kind in TOTALS]


def row(kind: str, found: Mapping[str, Any], about: Mapping[str, Any], images: Predictions) -> dict[str, Any]:
    """Make the row of one region.

    Parameters
    ----------
    kind
        "exceed" or "remeasure".
    found
        "rank", "score", "pixels" and "bounds" of the region (see ``rank_regions``); "score_error" where it is known.
    about
        Its entry of ``decisions.exceed``; empty for a box to measure again.
    images
        Predictions of the scan, from which the pixel size is taken.

    Returns
    -------
    dict
        Values of the columns up to "score_error"; :func:`contents` has the others. Bounds and area are given in the
        unit of the pixel size and its power.
    """
    axes = "zyx"[-images.ndim :]
    values = {
        "kind": kind,
        "name": about.get("name", kind),
        "rank": found["rank"],
        "channel": about.get("channel", ""),
        "threshold": about.get("above", math.nan),
        "confidence": about.get("confidence", math.nan),
        "score": found["score"],
        "pixels": found["pixels"],
        "area": found["pixels"] * math.prod(images.pixel_size),
        "unit": f"{images.pixel_unit}^{images.ndim}",
        "of": about.get("of", ""),
        "score_error": found.get("score_error", math.nan),
    }
    for axis, (start, stop), size in zip(axes, found["bounds"], images.pixel_size, strict=True):
        values |= {f"{axis}0_px": start, f"{axis}1_px": stop, f"{axis}0": start * size, f"{axis}1": stop * size}
    return values


def contents(shares: Mapping[str, float], totals: Totals, label: int, channels: Sequence[str]) -> dict[str, Any]:
    """Make the columns about the pixels of one region: their roles, and their totals.

    Parameters
    ----------
    shares
        Share of its pixels in each role (see ``region_roles``).
    totals
        Totals over labels.
    label
        Label of the region.
    channels
        Names of the channels.

    Returns
    -------
    dict
        Values of the columns from "role" on.
    """
    values: dict[str, Any] = {"role": main_role(shares), "frames": totals.frames}
    values |= {f"share_{role}": shares[role] for role in DISJOINT_ROLES}
    for kind, of in zip(TOTALS, (totals.total, totals.low, totals.high), strict=True):
        values |= {f"{channel}_{kind}": float(of[label, c]) for c, channel in enumerate(channels)}
    return values
