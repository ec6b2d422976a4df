"""Independent images side by side in one scan, so far apart that no network sees from one into another.

Each image is continued by its mirror image, as is done at the border of a scan (see ``tiling``). So the networks
predict each image as if it were a scan of its own.
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
    """A plane of square images side by side, each with a margin around it.

    The number of rows is the largest divisor of ``count`` that does not exceed its square root, so no place stays
    empty.

    Parameters
    ----------
    count
        Number of images.
    size
        Side of each image in px.
    margin
        Width of the margin around each image in px.
    """

    count: int
    size: int
    margin: int

    @property
    def rows(self) -> int:
        """Number of images along Y."""
        return max(rows for rows in range(1, int(self.count**0.5) + 1) if self.count % rows == 0)

    @property
    def columns(self) -> int:
        """Number of images along X."""
        return self.count // self.rows

    @property
    def pitch(self) -> int:
        """Distance in px from the beginning of one image to that of the next."""
        return self.size + 2 * self.margin

    @property
    def shape(self) -> tuple[int, int]:
        """Extent of the plane in px, (Y, X)."""
        return self.rows * self.pitch, self.columns * self.pitch

    def corners(self) -> list[tuple[int, int]]:
        """Compute where the images begin.

        Returns
        -------
        list of tuple of int
            First pixel (y, x) of each image, row by row.
        """
        return [
            (row * self.pitch + self.margin, column * self.pitch + self.margin)
            for row in range(self.rows)
            for column in range(self.columns)
        ]

    def assemble(self, images: NDArray[Scalar]) -> NDArray[Scalar]:
        """Put images side by side, with their mirror images in the margins.

        Parameters
        ----------
        images
            (count, size, size).

        Returns
        -------
        array
            The plane (Y, X).
        """
        widened = mirror(images, [(self.margin, self.margin)] * 2)
        grid = widened.reshape(self.rows, self.columns, self.pitch, self.pitch)
        return grid.swapaxes(1, 2).reshape(self.shape)

    def cut(self, plane: NDArray[Scalar]) -> NDArray[Scalar]:
        """Cut the images out of a plane; the inverse of :meth:`assemble`.

        Parameters
        ----------
        plane
            (..., Y, X).

        Returns
        -------
        array
            (..., count, size, size).
        """
        leading = plane.shape[:-2]
        grid = plane.reshape(*leading, self.rows, self.pitch, self.columns, self.pitch).swapaxes(-3, -2)
        inner = slice(self.margin, self.margin + self.size)
        return grid[..., inner, inner].reshape(*leading, self.count, self.size, self.size)
