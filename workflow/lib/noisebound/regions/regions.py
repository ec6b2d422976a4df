"""The regions of a scan: boxes with roles, separated by guard bands.

Pixels of one image are not independent. So a scan that serves several roles is divided into boxes that are farther
apart than a network can see. The boxes are stored apart from the scan, so that another division or a deeper network
does not repeat the ingest.
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
        Its pixels per spatial axis ([z], y, x).
    guard
        Width in pixels, per spatial axis, of the band that separates roles.
    guard_from
        Where this width comes from, in words.
    boxes
        The boxes.
    """

    scan: str
    shape: tuple[int, ...]
    guard: tuple[int, ...]
    guard_from: str
    boxes: tuple[Box, ...]

    def of(self, *roles: str) -> tuple[Box, ...]:
        """Return the boxes of some roles.

        Parameters
        ----------
        *roles
            The roles.

        Returns
        -------
        tuple of Box
            The boxes in their order.
        """
        return tuple(box for box in self.boxes if box.role in roles)

    def mask(self, *roles: str) -> NDArray[np.bool_]:
        """Mark the pixels of some roles.

        Parameters
        ----------
        *roles
            The roles.

        Returns
        -------
        array
            bool, of the spatial shape; True for pixels that have one of the roles.
        """
        mask = np.zeros(self.shape, dtype=bool)
        for box in self.of(*roles):
            mask[box.slices] = True
        return mask

    def check(self) -> None:
        """Check that all boxes lie in the scan, and that boxes of different roles are far enough apart.

        Two boxes are far enough apart if, along at least one axis, ``guard`` pixels or more lie between them. Then a
        receptive field that is centred in one does not reach the other.

        Raises
        ------
        InputError
            If a box is empty or leaves the scan.
        LeakageError
            If boxes of different roles overlap or are too close.
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
        """Write as JSON, atomically.

        Parameters
        ----------
        path
            The file to write.
        """
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
        """Read a file that :meth:`write` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Regions
            Its content.

        Raises
        ------
        InputError
            If the file is missing or something else.
        """
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
