"""The step assign_regions: give every pixel of a scan its role."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ..core.errors import InputError, LeakageError
from ..core.roles import SPLIT
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..geometry.montage import Montage
from .divide import divide
from .regions import Regions
from .settings import RegionSettings

logger = logging.getLogger("noisebound")
_MOST_LOGGED = 20  # boxes


def assign_regions(
    scan_file: str | Path,
    output: str | Path,
    settings: RegionSettings,
    *,
    role: str,
    montage: Mapping[str, int] | None = None,
) -> None:
    """Give every pixel of a scan its role, and write ``regions/<scan>.json``.

    Parameters
    ----------
    scan_file
        The scan, ``scans/<scan>.h5``.
    output
        The file to write.
    settings
        The layout and the guard band.
    role
        The role of the scan. A scan with the role ``split`` is divided by the layout; any other is one box of its role.
    montage
        The fields of :class:`Montage`, if the scan shows simulated images side by side. Then each image is one box.

    Raises
    ------
    LeakageError
        If the guard band in the configuration is narrower than the receptive radius that networks may have.
    InputError
        If the layout is missing or does not fit the scan, or the montage does not.
    """
    with Scan(scan_file) as scan:
        name, shape = scan.name, tuple(scan.shape)
    width, origin = _guard(settings)
    widths = (width,) * len(shape)
    if role == SPLIT:
        if not settings.layout:
            raise InputError(
                f"scan {name!r} has role 'split' but no layout is given",
                key="regions.layout",
                remedy="draw one, for example ['TTC', 'STE'], or give the scan a role of its own",
            )
        boxes = divide(shape, settings.layout, widths)
    elif montage is not None:
        boxes = _boxes_of(Montage(**montage), role, name, shape)
    else:
        boxes = (Box(role, (0,) * len(shape), shape),)
    regions = Regions(name, shape, widths, origin, boxes)
    regions.check()
    regions.write(output)
    for box in boxes[:_MOST_LOGGED]:
        logger.info("scan %s: %s box %s..%s", name, box.role, box.lower, box.upper)
    logger.info("scan %s: %d boxes", name, len(boxes))


def _guard(settings: RegionSettings) -> tuple[int, str]:
    """Return the width of the guard band in pixels, and where it comes from.

    With "auto" it is the largest receptive radius that a network of the run may have. So the regions do not move when a
    member is added. Training compares the radius of each network with the band.
    """
    guard, radius = settings.guard, settings.max_radius
    if guard == "auto":
        return radius, "largest receptive radius allowed, architecture.max_radius"
    if int(guard) < radius:
        raise LeakageError(
            f"a guard band of {guard} px is narrower than the receptive radius of up to {radius} px that the "
            "networks may have",
            key="regions.guard",
            value=guard,
            remedy="use guard: auto or a larger number, or choose a smaller architecture.max_radius",
        )
    return int(guard), "regions.guard in the configuration"


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
