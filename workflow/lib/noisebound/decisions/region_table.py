"""Rows and columns of ``decisions/<scan>.csv``: a region each, with bounds in pixels and in the unit of length."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..files.predictions import Predictions


def columns(ndim: int) -> list[str]:
    """Columns of ``decisions/<scan>.csv`` for a scan of ``ndim`` spatial axes."""
    axes = "zyx"[-ndim:]
    names = ["kind", "name", "rank", "channel", "threshold", "confidence", "score", "pixels", "area", "unit"]
    return names + [f"{axis}{end}{suffix}" for suffix in ("_px", "") for axis in axes for end in (0, 1)]


def row(
    kind: str, rank: int, found: Mapping[str, Any], about: Mapping[str, Any], images: Predictions
) -> dict[str, Any]:
    """One region as a row.

    Parameters
    ----------
    kind
        "exceed" or "remeasure".
    rank
        From 1.
    found
        "score", "pixels" and "bounds" of the region, see ``rank_regions``.
    about
        The entry of ``decisions.exceed``; empty for a box to measure again.
    images
        For the size of a pixel.
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
