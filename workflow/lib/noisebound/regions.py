"""Who may learn from which pixel: roles of scans and of regions, separated by guard bands.

Pixels of one image are not independent, so a scan that serves several roles is divided into boxes whose pixels are
farther apart than a network can see. The boxes are stored apart from the scan: another split, or a deeper network,
never repeats the ingest.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .errors import InputError, LeakageError
from .layout import LAYOUT_LETTERS, check_layout
from .leakage import LearnedScan, check_shared
from .montage import Montage
from .scan_sources import ScanSources
from .scans import Scan
from .storage import read_json, write_json

logger = logging.getLogger("noisebound")

ROLES = ("train", "select", "calibrate", "test", "apply")
# Roles whose pixels must never meet, the earlier one keeping its ground where a guard band has to be cut.
DISJOINT_ROLES = ("train", "select", "calibrate", "test")


@dataclass(frozen=True)
class Box:
    """A half-open box of pixels: ``lower`` belongs to it, ``upper`` does not; one number per spatial axis."""

    role: str
    lower: tuple[int, ...]
    upper: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """Index of the box in an array of the spatial shape."""
        return tuple(slice(low, high) for low, high in zip(self.lower, self.upper, strict=True))

    @property
    def shape(self) -> tuple[int, ...]:
        """Extent along each spatial axis, in pixels."""
        return tuple(high - low for low, high in zip(self.lower, self.upper, strict=True))

    @property
    def size(self) -> int:
        """Number of pixels."""
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Regions:
    """The boxes of one scan with their roles, and the guard band, in pixels per axis, that separates them."""

    scan: str
    shape: tuple[int, ...]
    guard: tuple[int, ...]
    guard_from: str
    boxes: tuple[Box, ...]

    def of(self, *roles: str) -> tuple[Box, ...]:
        """The boxes of these roles."""
        return tuple(box for box in self.boxes if box.role in roles)

    def mask(self, *roles: str) -> NDArray[np.bool_]:
        """Boolean image of the spatial shape, true where a pixel has one of these roles."""
        mask = np.zeros(self.shape, dtype=bool)
        for box in self.of(*roles):
            mask[box.slices] = True
        return mask

    def check(self) -> None:
        """Raise ``LeakageError`` where boxes of different roles are closer than the guard band, or overlap.

        Two boxes are far enough apart when along at least one axis more than ``guard`` pixels lie between the nearest
        pixels, so that no receptive field centred in one reaches the other.
        """
        for box in self.boxes:
            bounds = zip(box.lower, box.upper, self.shape, strict=True)
            if any(low < 0 or high > extent or low >= high for low, high, extent in bounds):
                raise InputError(
                    f"box {box.lower}..{box.upper} is empty or leaves the scan of shape {self.shape}",
                    file=f"regions of scan {self.scan}",
                    remedy="give boxes inside the scan",
                )
        for one, other in combinations(self.boxes, 2):
            if one.role == other.role:
                continue
            corners = zip(one.lower, one.upper, other.lower, other.upper, strict=True)
            gaps = [max(a - d, c - b) for a, b, c, d in corners]
            if not any(gap >= guard and gap >= 0 for gap, guard in zip(gaps, self.guard, strict=True)):
                raise LeakageError(
                    f"the {one.role} box {one.lower}..{one.upper} and the {other.role} box "
                    f"{other.lower}..{other.upper} are closer than the guard band of {self.guard} px",
                    file=f"regions of scan {self.scan}",
                    key="regions",
                    remedy="move them apart by at least the receptive radius of the networks, or draw smaller networks",
                )

    def write(self, path: str | Path) -> None:
        """Write as JSON, atomically."""
        write_json(
            path,
            {
                "scan": self.scan,
                "shape": list(self.shape),
                "guard": list(self.guard),
                "guard_from": self.guard_from,
                "boxes": [{"role": b.role, "lower": list(b.lower), "upper": list(b.upper)} for b in self.boxes],
            },
        )

    @classmethod
    def read(cls, path: str | Path) -> Regions:
        """Read a file written by :meth:`write`. Raises ``InputError`` where it is something else."""
        content = read_json(path)
        try:
            return cls(
                scan=content["scan"],
                shape=tuple(content["shape"]),
                guard=tuple(content["guard"]),
                guard_from=content["guard_from"],
                boxes=tuple(Box(b["role"], tuple(b["lower"]), tuple(b["upper"])) for b in content["boxes"]),
            )
        except (KeyError, TypeError) as error:
            raise InputError(
                f"not the regions of a scan ({error!r})", file=path, remedy="delete it and run the step again"
            ) from None


def divide(shape: Sequence[int], layout: Sequence[str], guard: Sequence[int]) -> tuple[Box, ...]:
    """Divide a scan by a drawn layout and cut guard bands between different roles.

    ``layout`` is a picture of the scan: one string per row of cells along Y, one letter per cell along X (T train,
    S select, C calibrate, E test, . unused). A volume is divided in Y and X; every box spans all of Z. Pixels within
    ``guard`` (per axis, Chebyshev distance) of an earlier role (train, select, calibrate, test, in this order) are
    taken from the later one, so training keeps most pixels. Returns the remaining area of each role as boxes.

    Raises ``InputError`` for a malformed layout and for a role that the guard bands leave without a pixel.
    """
    check_layout(layout)
    plane = shape[-2:]
    guard_y, guard_x = guard[-2:]
    cells = (len(layout), len(layout[0]))
    edges = [np.linspace(0, extent, n + 1).round().astype(int) for extent, n in zip(plane, cells, strict=True)]
    roles = np.full(plane, -1, dtype=int)
    for i, row in enumerate(layout):
        for j, letter in enumerate(row):
            role = LAYOUT_LETTERS[letter]
            if role is not None:
                roles[edges[0][i] : edges[0][i + 1], edges[1][j] : edges[1][j + 1]] = DISJOINT_ROLES.index(role)
    boxes: list[Box] = []
    taken = np.zeros(plane, dtype=bool)
    for index, role in enumerate(DISJOINT_ROLES):
        wanted = roles == index
        allowed = wanted & ~_grow(taken, guard_y, guard_x)
        asked = any(LAYOUT_LETTERS[letter] == role for letter in "".join(layout))
        if asked and not allowed.any():
            raise InputError(
                f"guard bands of {tuple(guard)} px leave no pixel for role {role!r} in a scan of shape {tuple(shape)}",
                key="regions.layout",
                value=list(layout),
                remedy="draw larger cells for it, or choose a smaller architecture.max_radius",
            )
        taken |= allowed
        for (y0, x0), (y1, x1) in _rectangles(allowed):
            leading = [(0, extent) for extent in shape[:-2]]
            boxes.append(Box(role, (*(low for low, _ in leading), y0, x0), (*(high for _, high in leading), y1, x1)))
    return tuple(boxes)


def _grow(mask: NDArray[np.bool_], by_y: int, by_x: int) -> NDArray[np.bool_]:
    """Dilate by a rectangle of half-widths ``by_y`` and ``by_x``, through running counts along each axis."""
    for axis, by in enumerate((by_y, by_x)):
        counts = np.cumsum(np.insert(mask.astype(int), 0, 0, axis=axis), axis=axis)
        extent = mask.shape[axis]
        high = np.minimum(np.arange(extent) + by + 1, extent)
        low = np.maximum(np.arange(extent) - by, 0)
        mask = counts.take(high, axis=axis) > counts.take(low, axis=axis)
    return mask


def _rectangles(mask: NDArray[np.bool_]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Cover ``mask`` exactly by disjoint rectangles: the top-left pixel left over grows right, then down."""
    left = mask.copy()
    while left.any():
        y0, x0 = np.unravel_index(int(np.argmax(left)), left.shape)
        x1 = int(x0)
        while x1 < left.shape[1] and left[y0, x1]:
            x1 += 1
        y1 = int(y0)
        while y1 < left.shape[0] and left[y1, x0:x1].all():
            y1 += 1
        left[y0:y1, x0:x1] = False
        yield (int(y0), int(x0)), (y1, x1)


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


def check_roles(
    scan_files: Sequence[str | Path],
    region_files: Sequence[str | Path],
    source_files: Sequence[str | Path],
    output: str | Path,
) -> None:
    """Refuse any way in which a pixel could serve two roles, across all learned scans; write what was checked.

    Within a scan, boxes of different roles must keep the guard band. Between scans, the same pixels
    (:func:`leakage.check_shared`, by ``source_files``, which :class:`ScanSources` describes) or the same group (one
    field of view) under different roles are refused: repeats of one field of view share scene and reference.

    Raises ``LeakageError``.
    """
    learned: list[LearnedScan] = []
    for scan_file, region_file, source_file in zip(scan_files, region_files, source_files, strict=True):
        regions = Regions.read(region_file)
        regions.check()
        with Scan(scan_file) as scan:
            roles = frozenset(box.role for box in regions.boxes)
            learned.append(LearnedScan(scan.name, roles, ScanSources.read(source_file), scan.group))
    check_shared(learned)
    roles_of = {scan.name: sorted(scan.roles) for scan in sorted(learned, key=lambda scan: scan.name)}
    write_json(output, {"scans": roles_of, "leakage": "none"})
