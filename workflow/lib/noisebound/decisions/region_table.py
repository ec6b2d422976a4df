"""Rows and columns of ``decisions/<scan>.csv``: one region per row, with bounds in px and in the unit of length."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..files.predictions import Predictions


def columns(ndim: int) -> list[str]:
    """List the columns of ``decisions/<scan>.csv``.

    Parameters
    ----------
    ndim
        Number of spatial axes of the scan, 2 or 3.

    Returns
    -------
    list of str
        Names in their order.
    """
    axes = "zyx"[-ndim:]
    names = ["kind", "name", "rank", "channel", "threshold", "confidence", "score", "pixels", "area", "unit"]
    return names + [f"{axis}{end}{suffix}" for suffix in ("_px", "") for axis in axes for end in (0, 1)]


def row(
    kind: str, rank: int, found: Mapping[str, Any], about: Mapping[str, Any], images: Predictions
) -> dict[str, Any]:
    """Make the row of one region.

    Parameters
    ----------
    kind
        "exceed" or "remeasure".
    rank
        Rank of the region, from 1.
    found
        "score", "pixels" and "bounds" of the region (see ``rank_regions``).
    about
        Its entry of ``decisions.exceed``; empty for a box to measure again.
    images
        Predictions of the scan, from which the pixel size is taken.

    Returns
    -------
    dict
        A value per name in :func:`columns`. Bounds and area are given in the unit of the pixel size and its power.
    """
    axes = "zyx"[-images.ndim :]
    values = {
        "kind": kind,
        "name": about.get("name", kind),
        "rank": rank,
        "channel": about.get("channel", ""),
        "threshold": about.get("above", math.nan),
        "confidence": about.get("confidence", math.nan),
        "score": found["score"],
        "pixels": found["pixels"],
        "area": found["pixels"] * math.prod(images.pixel_size),
        "unit": f"{images.pixel_unit}^{images.ndim}",
    }
    for axis, (start, stop), size in zip(axes, found["bounds"], images.pixel_size, strict=True):
        values |= {f"{axis}0_px": start, f"{axis}1_px": stop, f"{axis}0": start * size, f"{axis}1": stop * size}
    return values
