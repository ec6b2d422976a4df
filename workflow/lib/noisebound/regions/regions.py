"""Who may learn from which pixel: roles of scans and of regions, separated by guard bands.

Pixels of one image are not independent, so a scan that serves several roles is divided into boxes whose pixels are
farther apart than a network can see. The boxes are stored apart from the scan: another split, or a deeper network,
never repeats the ingest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, LeakageError
from ..core.storage import read_json, write_json
from ..geometry.boxes import Box


@dataclass(frozen=True)
class Regions:
    """The boxes of one scan with their roles.

    Parameters
    ----------
    scan
        Name of the scan.
    shape
        Its pixels per spatial axis, [z], y, x.
    guard
        Width per spatial axis of the band, in pixels, that separates roles.
    guard_from
        Where that width comes from, in words.
    boxes
        The boxes.
    """

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
        """Check that boxes lie in the scan, and that those of different roles are far enough apart.

        Two boxes are, when along at least one axis ``guard`` pixels or more lie between them, so that no receptive
        field centred in one reaches the other.

        Raises
        ------
        InputError
            For a box that is empty or leaves the scan.
        LeakageError
            Where boxes of different roles overlap, or are closer.
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
