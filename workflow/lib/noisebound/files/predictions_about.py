"""The attributes that ensemble files and denoised files have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FORMAT_VERSION = 1
KINDS = ("lower", "median", "upper", "spread")
QUANTILES = ("lower", "median", "upper")
# Groups of a denoised file: intervals for the signal, and intervals for a repeat measurement.
SIGNAL, REPEAT = "signal", "intervals"


@dataclass(frozen=True)
class PredictionsAbout:
    """What an ensemble file says of itself, and the denoised file that is made from it.

    Parameters
    ----------
    scan
        Name of the scan.
    channels
        Names of the predicted channels.
    pixel_size, pixel_unit
        One number per spatial axis ([z], y, x) and their unit.
    frame
        Index of the delivered frame.
    levels
        Quantile levels of lower, median and upper.
    n_members
        Number of members of the ensemble.
    counts
        Whether the reference counts events.
    """

    scan: str
    channels: Sequence[str]
    pixel_size: Sequence[float]
    pixel_unit: str
    frame: int
    levels: Sequence[float]
    n_members: int
    counts: bool

    def attributes(self) -> dict[str, Any]:
        """Convert to the attributes of a file.

        Returns
        -------
        dict
            The attributes by name; lists are JSON.
        """
        return {
            "format_version": FORMAT_VERSION,
            "scan": self.scan,
            "channels": json.dumps(list(self.channels)),
            "pixel_size": json.dumps([float(size) for size in self.pixel_size]),
            "pixel_unit": self.pixel_unit,
            "frame": int(self.frame),
            "levels": json.dumps([float(level) for level in self.levels]),
            "members": int(self.n_members),
            "counts": bool(self.counts),
        }

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> PredictionsAbout:
        """Read the attributes of a file.

        Parameters
        ----------
        attributes
            The attributes as :meth:`attributes` returns them.

        Returns
        -------
        PredictionsAbout
            What they say.

        Raises
        ------
        KeyError
            If one is missing.
        """
        return cls(
            scan=str(attributes["scan"]),
            channels=tuple(json.loads(attributes["channels"])),
            pixel_size=tuple(json.loads(attributes["pixel_size"])),
            pixel_unit=str(attributes["pixel_unit"]),
            frame=int(attributes["frame"]),
            levels=tuple(json.loads(attributes["levels"])),
            n_members=int(attributes["members"]),
            counts=bool(attributes["counts"]),
        )
