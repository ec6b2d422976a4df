"""The step assign_regions: give every pixel of a scan its role."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from ..core.errors import InputError, LeakageError
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..geometry.montage import Montage
from .divide import divide
from .regions import Regions

logger = logging.getLogger("noisebound")


def assign_regions(
    scan_file: str | Path,
    output: str | Path,
    *,
    role: str,
    layout: Sequence[str] | None,
    guard: int | Literal["auto"],
    max_radius: int,
    montage: Mapping[str, int] | None = None,
) -> None:
    """Give every pixel of a scan its role and write ``regions/<scan>.json``.

    A scan with role ``split`` is divided by ``layout``; any other scan is one box of its own role, or, where it is a
    ``montage`` of images (the fields of :class:`Montage`), one box per image. With ``guard``
    "auto" the guard band is ``max_radius`` (px), the largest receptive radius that a network of this run may have; so
    one more member never moves a region. Training checks each network's own radius against the band.

    Raises ``LeakageError`` when the given guard is smaller than that radius, ``InputError`` when the layout does not
    fit.
    """
    with Scan(scan_file) as scan:
        name, shape = scan.name, tuple(scan.shape)
    if guard == "auto":
        width, origin = max_radius, "largest receptive radius allowed, architecture.max_radius"
    else:
        width, origin = int(guard), "regions.guard in the configuration"
        if width < max_radius:
            raise LeakageError(
                f"a guard band of {guard} px is narrower than the receptive radius of up to {max_radius} px that the "
                "networks may have",
                key="regions.guard",
                value=guard,
                remedy="use guard: auto or a larger number, or choose a smaller architecture.max_radius",
            )
    widths = (width,) * len(shape)
    if role == "split":
        if not layout:
            raise InputError(
                f"scan {name!r} has role 'split' but no layout is given",
                key="regions.layout",
                remedy="draw one, for example ['TTC', 'STE'], or give the scan a role of its own",
            )
        boxes = divide(shape, layout, widths)
    elif montage is not None:
        boxes = _boxes_of(Montage(**montage), role, name, shape)
    else:
        boxes = (Box(role, (0,) * len(shape), shape),)
    regions = Regions(name, shape, widths, origin, boxes)
    regions.check()
    regions.write(output)
    for box in boxes[:20]:
        logger.info("scan %s: %s box %s..%s", name, box.role, box.lower, box.upper)
    logger.info("scan %s: %d boxes", name, len(boxes))


def _boxes_of(montage: Montage, role: str, name: str, shape: tuple[int, ...]) -> tuple[Box, ...]:
    """One box of ``role`` per image of a montage."""
    if montage.shape != shape:
        raise InputError(
            f"scan {name!r} has shape {shape}, its {montage.count} images make one of {montage.shape}",
            key="simulation",
            remedy="delete the simulated file and the scan, and run the workflow again",
        )
    size = montage.size
    return tuple(Box(role, (y, x), (y + size, x + size)) for y, x in montage.corners())
