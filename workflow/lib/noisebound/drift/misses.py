"""Places where the image misses the reference: the largest local differences beyond the reference's noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.boxes import Box, Region
from .block_statistics import Doubles
from .expected import Expected
from .local_findings import find_places, listed, totals
from .local_images import FLOOR, NOISE_TILES, thinned, tiles_of
from .local_scores import Measured, noise_curve, variance_curve
from .local_usual import LocalUsual

# Role of a pixel that no region has.
BETWEEN = "between regions"


class ReferenceFrame:
    """The reference of a scan, beside the estimated mean of the denoised image.

    Where the reference is a sum or mean of counted events, these are compared as counts. Where its noise is known from
    repeats or from other frames, its variance is averaged in classes of intensity. Otherwise, differences of
    neighbouring pixels stand for it.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, which has a reference, and what the ensemble predicts.
    box
        The part of the scan that is compared.
    expected
        Tells the mean of the reference from the median.

    Attributes
    ----------
    channels : tuple of str
        Names of the channels.
    noise : str or None
        How the noise is known: counts, frames or repeats; None where neighbouring pixels stand for it.
    """

    def __init__(self, scan: Scan, ensemble: Predictions, box: Box, expected: Expected) -> None:
        self._scan, self._ensemble, self._expected = scan, ensemble, expected
        self.channels = tuple(scan.channels)
        # A true signal has no noise that could be a unit.
        self.noise = None if scan.noise_source == "truth" else scan.noise_source
        self._events = None if scan.count_unit is None else 1 / scan.count_unit
        tiles = list(tiles_of(box))
        regions = [tile.outer for tile in tiles[:: -(-len(tiles) // NOISE_TILES)]]
        kept = [tuple(thinned(image) for image in self._pair(region)) for region in regions]
        self._floor = FLOOR * np.mean([target.reshape(len(target), -1).mean(axis=1) for target, _ in kept], axis=0)
        fit: Callable[[Sequence[Doubles], Sequence[Doubles]], tuple[Doubles, Doubles]] = noise_curve
        parts = [target for target, _ in kept]
        if self.noise is not None and self._events is None:
            fit, parts = variance_curve, [self._variance(region) for region in regions]
        self._curves = [
            fit([part[c] for part in parts], [image[c] for _, image in kept]) for c in range(len(self.channels))
        ]

    def _variance(self, region: Region) -> Doubles:
        """Estimated variance (C, *spatial) float64 of the reference, on the lines that ``thinned`` takes."""
        found = self._scan.read_reference_noise(self._ensemble.frame, region)
        assert found is not None
        return thinned(found.astype(np.float64))

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
            One per channel; for counts, of all events together.
        """
        found = []
        for c, (values, image) in enumerate(zip(*self._pair(region), strict=True)):
            if self._events is not None:
                least = max(float(self._floor[c]), 1e-6) * self._events
                own = image * self._events
                found.append(Measured(np.round(values * self._events), own, np.maximum(own, least), True))
            else:
                found.append(Measured(values, image, np.interp(image, *self._curves[c]), False))
        return found

    def to_target(self, value: float) -> float:
        """Bring a value of :meth:`read` to the unit of the reference.

        Parameters
        ----------
        value
            The value.

        Returns
        -------
        float
            In the unit of the reference.
        """
        return value if self._events is None else value / self._events


def miss_findings(
    scan: Scan,
    ensemble: Predictions,
    boxes: Sequence[Box],
    expected: Expected,
    images: Predictions | None = None,
) -> dict[str, Any]:
    """Search a whole scan with a reference for places where the image misses it.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, and what the ensemble predicts.
    boxes
        Its regions, which have the roles.
    expected
        Tells the mean of the reference from the median.
    images
        The denoised images, of which averages are given.

    Returns
    -------
    dict
        Empty without a reference. Else ``misses``, at most 1000 (see :func:`noisebound.drift.places.chosen`), the
        strongest first, each with what :func:`noisebound.drift.place_figures.about_place` and ``around`` say, without
        ``measured`` and ``predicted``; ``reference``, averaged likewise; ``outside``, whether that lies outside the
        interval, where there is one; and the ``role`` of its middle pixel. ``missed``: ``total``, ``channels`` and
        ``pixels`` (see ``local_findings.totals``), the ``level`` above which ``sigma`` is listed, and how the ``noise``
        is known that ``sigma`` is in units of; None where differences of neighbouring pixels stand for it.
    """
    if not scan.has_reference:
        return {}
    box = Box("scan", (0,) * scan.ndim, scan.shape)
    frame = ReferenceFrame(scan, ensemble, box, expected)
    # What is usual is a miss all the same, so deviations are those of the reference's noise alone.
    peaks, levels = find_places(frame, box, LocalUsual.of_noise(len(frame.channels)))
    places = []
    for place in listed(frame, peaks, box, images):
        measured, predicted = (frame.to_target(place.pop(key)) for key in ("measured", "predicted"))
        place = {**place, "image": place.get("image", predicted), "reference": float(f"{measured:.4g}")}
        if "interval" in place:
            place["outside"] = not place["interval"][0] <= measured <= place["interval"][1]
        places.append(place | {"role": role_of(place["centre"], boxes)})
    about = totals(peaks, frame.channels, box)
    return {"misses": places, "missed": about | {"level": round(float(levels.min()), 2), "noise": frame.noise}}


def role_of(pixel: Sequence[int], boxes: Sequence[Box]) -> str:
    """Find the role of a pixel.

    Parameters
    ----------
    pixel
        One number per spatial axis.
    boxes
        Regions with roles.

    Returns
    -------
    str
        Of the first region that holds the pixel; "between regions" where none does, as in a guard band.
    """

    def holds(box: Box) -> bool:
        return all(low <= at < high for at, low, high in zip(pixel, box.lower, box.upper, strict=True))

    return next((box.role for box in boxes if holds(box)), BETWEEN)
