"""Places where the image misses the reference: the largest local differences beyond the reference's noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.sources import LEAVE_ONE_OUT
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .expected import Expected
from .local_findings import find_places, rounded
from .local_images import FLOOR, NOISE_TILES, thinned, tiles_of
from .local_kernels import SCALES
from .local_scores import Measured, noise_curve
from .local_usual import LocalUsual
from .places import Place

# Most misses of either size that are listed.
LISTED = 10


class ReferenceFrame:
    """The reference of some boxes of a scan, beside the estimated mean of the denoised image.

    For leave-one-out of counts, the reference is a Poisson count over the number of other frames. Otherwise its noise
    is estimated from differences of neighbouring pixels.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, which has a reference, and what the ensemble predicts.
    boxes
        The parts of the scan that are compared.
    expected
        Tells the mean of the reference from the median.
    """

    def __init__(self, scan: Scan, ensemble: Predictions, boxes: Sequence[Box], expected: Expected) -> None:
        self._scan, self._ensemble, self._expected = scan, ensemble, expected
        self.channels = tuple(scan.channels)
        self._frames = scan.n_frames - 1 if scan.counts and scan.reference_kind == LEAVE_ONE_OUT else 0
        tiles = [tile for box in boxes for tile in tiles_of(box)]
        chosen = tiles[:: -(-len(tiles) // NOISE_TILES)]
        kept = [tuple(thinned(image) for image in self._pair(tile.outer)) for tile in chosen]
        self._floor = FLOOR * np.mean([target.reshape(len(target), -1).mean(axis=1) for target, _ in kept], axis=0)
        self._curves = [
            noise_curve([target[c] for target, _ in kept], [image[c] for _, image in kept])
            for c in range(len(self.channels))
        ]

    def _pair(self, region: Region) -> tuple[Doubles, Doubles]:
        """Reference and estimated mean, (C, *spatial) float64 each, in the unit of the reference."""
        target = self._scan.read_target(self._ensemble.frame, region).astype(np.float64)
        return target, self._expected.mean(self._ensemble.read("median", region), bool(self._scan.counts))

    def read(self, region: Region) -> list[Measured]:
        """Read a region.

        Parameters
        ----------
        region
            One slice per spatial axis.

        Returns
        -------
        list of Measured
            One per channel; for leave-one-out of counts, sums of the other frames.
        """
        found = []
        for c, (values, image) in enumerate(zip(*self._pair(region), strict=True)):
            if self._frames:
                least = max(float(self._floor[c]), 1e-6) * self._frames
                own = image * self._frames
                found.append(Measured(np.round(values * self._frames), own, np.maximum(own, least), True))
            else:
                found.append(Measured(values, image, np.interp(image, *self._curves[c]), False))
        return found

    def means(self, place: Place) -> tuple[float, float]:
        """Average image and reference under the window in which a place stands out most.

        Parameters
        ----------
        place
            The place.

        Returns
        -------
        image, reference : float
            In the unit of the reference.
        """
        reach = int(np.ceil(2 * place.scale))
        around = tuple(
            slice(max(p - reach, 0), min(p + reach + 1, size))
            for p, size in zip(place.peak, self._scan.shape, strict=True)
        )
        grid = np.meshgrid(*(np.arange(part.start, part.stop) for part in around), indexing="ij")
        square = sum(np.square(axis - p) for axis, p in zip(grid, place.peak, strict=True))
        weights = np.exp(-square / (2 * place.scale**2))
        target, image = self._pair(around)
        return tuple(float(np.average(part[place.channel], weights=weights)) for part in (image, target))  # type: ignore[return-value]


def miss_findings(scan: Scan, ensemble: Predictions, boxes: Sequence[Box], expected: Expected) -> dict[str, Any]:
    """Search a scan with a reference for places where the image misses it.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, and what the ensemble predicts.
    boxes
        The parts of the scan that are compared.
    expected
        Tells the mean of the reference from the median.

    Returns
    -------
    dict
        Empty without a reference or boxes. Else ``misses``, the strongest first: the 10 strongest as wide as the widest
        window, and the 10 strongest of smaller ones, which wide ones would crowd out. Each has ``channel``, ``kind``
        (invented where the image has the more contrast, else lost), ``lower``, ``upper``, ``size``, ``sigma`` (negative
        where the image is too bright), ``image`` and ``reference`` (averages about its middle) and the ``role`` of its
        pixels. ``missed``: ``total`` places, the ``level`` in standard deviations of the reference's noise, and the
        share of the ``area`` that they take.
    """
    if not scan.has_reference or not boxes:
        return {}
    frame = ReferenceFrame(scan, ensemble, boxes, expected)
    # What is usual is a miss all the same, so deviations are those of the reference's noise alone.
    places, levels = find_places(frame, boxes, LocalUsual.of_noise(len(frame.channels)))
    wide, small = ([place for place in places if (place.scale >= SCALES[-1]) is own] for own in (True, False))
    listed = []
    for place in sorted([*wide[:LISTED], *small[:LISTED]], key=lambda place: -abs(place.sigma)):
        image, reference = frame.means(place)
        role = next((box.role for box in boxes if _inside(place.peak, box)), boxes[0].role)
        sums = {"image": rounded(image), "reference": rounded(reference), "role": role}
        listed.append(place.to_json(frame.channels) | sums)
    return {"misses": listed, "missed": {"total": len(places), "level": round(float(levels.min()), 2)}}


def _inside(pixel: Sequence[int], box: Box) -> bool:
    return all(low <= at < high for at, low, high in zip(pixel, box.lower, box.upper, strict=True))
