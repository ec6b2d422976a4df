"""What the page of a scan says of its regions: boxes, roles, what was judged."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..geometry.boxes import Box
from ..regions.regions import Regions
from .image_boxes import box_over

ROLE_COLOURS = {"train": "#4477aa", "select": "#66ccee", "calibrate": "#ccbb44", "test": "#ee6677", "apply": "#999999"}


def about_regions(regions: Regions, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Gather what a page says about regions and their roles.

    Parameters
    ----------
    regions
        Regions of the scan.
    rows
        What :func:`noisebound.report.result_rows.test_rows` returns.

    Returns
    -------
    dict
        roles, role_colours, region_boxes, guard, guard_from, unassigned, and frames_judged (``None`` without rows).
    """
    return {
        "roles": sorted({box.role for box in regions.boxes}, key=list(ROLE_COLOURS).index),
        "role_colours": ROLE_COLOURS,
        "region_boxes": region_boxes(regions),
        "guard": regions.guard,
        "guard_from": regions.guard_from,
        "unassigned": unassigned(regions),
        "frames_judged": frames_judged(regions, rows[0]["n_pixels"]) if rows else None,
    }


def region_boxes(regions: Regions) -> list[dict[str, Any]]:
    """Describe the boxes of all roles, to be drawn over an image.

    Parameters
    ----------
    regions
        Regions of the scan.

    Returns
    -------
    list of dict
        What :func:`noisebound.report.scan_images.box_over` returns, per box.
    """

    def bounds(box: Box) -> list[tuple[int, int]]:
        return list(zip(box.lower, box.upper, strict=True))

    return [box_over(bounds(b), regions.shape, b.role, ROLE_COLOURS[b.role]) for b in regions.boxes]


def unassigned(regions: Regions) -> bool:
    """Say whether some pixels lie outside of all regions (which do not overlap).

    Parameters
    ----------
    regions
        Regions of the scan.

    Returns
    -------
    bool
        True where there are such pixels.
    """
    return sum(math.prod(box.shape) for box in regions.boxes) < math.prod(regions.shape)


def frames_judged(regions: Regions, pixels: object) -> int | None:
    """Compute in how many frames the test region was judged.

    Parameters
    ----------
    regions
        Regions of the scan.
    pixels
        Number of pixels that were judged, over all frames.

    Returns
    -------
    int or None
        ``pixels`` over the pixels of the test region; ``None`` where that is no whole number, or there is no test
        region.
    """
    region = sum(math.prod(box.shape) for box in regions.of("test"))
    return pixels // region if isinstance(pixels, int) and region and pixels >= region and not pixels % region else None
