"""Independent images side by side in one scan, so far apart that no network sees from one into another.

Every image is continued by its own mirror image, as the end of a scan is (see ``tiling``): what the networks say of it
is what they would say if it were a scan of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .tiling import mirror

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Montage:
    """Where ``count`` square images of ``size`` px lie in a plane, each with ``margin`` px around it.

    They fill as many rows as the largest divisor of their number up to its root allows, so that no place stays empty.
    """

    count: int
    size: int
    margin: int

    @property
    def rows(self) -> int:
        """Images along Y."""
        return max(rows for rows in range(1, int(self.count**0.5) + 1) if self.count % rows == 0)

    @property
    def columns(self) -> int:
        """Images along X."""
        return self.count // self.rows

    @property
    def pitch(self) -> int:
        """Pixels from one image to the next."""
        return self.size + 2 * self.margin

    @property
    def shape(self) -> tuple[int, int]:
        """Extent of the plane in pixels, (Y, X)."""
        return self.rows * self.pitch, self.columns * self.pitch

    def corners(self) -> list[tuple[int, int]]:
        """First pixel (y, x) of every image, row by row."""
        return [
            (row * self.pitch + self.margin, column * self.pitch + self.margin)
            for row in range(self.rows)
            for column in range(self.columns)
        ]

    def assemble(self, images: NDArray[Scalar]) -> NDArray[Scalar]:
        """The plane (Y, X) of ``images`` (count, size, size), continued as their mirror images."""
        widened = mirror(images, [(self.margin, self.margin)] * 2)
        grid = widened.reshape(self.rows, self.columns, self.pitch, self.pitch)
        return grid.swapaxes(1, 2).reshape(self.shape)

    def cut(self, plane: NDArray[Scalar]) -> NDArray[Scalar]:
        """The images (..., count, size, size) of a plane (..., Y, X); the inverse of :meth:`assemble`."""
        leading = plane.shape[:-2]
        grid = plane.reshape(*leading, self.rows, self.pitch, self.columns, self.pitch).swapaxes(-3, -2)
        inner = slice(self.margin, self.margin + self.size)
        return grid[..., inner, inner].reshape(*leading, self.count, self.size, self.size)
