"""The scans that a step reads with their predictions: which files belong together, opened scan by scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import InputError
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..regions.regions import Regions


@dataclass(frozen=True)
class PredictedScans:
    """Files of several scans; the first three lists are in the same order.

    Attributes
    ----------
    ensembles
        ``ensemble/<scan>.h5``: predictions.
    scans
        ``scans/<scan>.h5``: frames and reference.
    regions
        ``regions/<scan>.json``: which pixels have which role.
    tokens
        Label TIFFs ``<scan>.tif`` of any of these scans, in any order.
    """

    ensembles: Sequence[str | Path]
    scans: Sequence[str | Path]
    regions: Sequence[str | Path]
    tokens: Sequence[str | Path]

    @property
    def token_maps(self) -> dict[str, Path]:
        """The label TIFFs by name of the scan."""
        return {Path(path).stem: Path(path) for path in self.tokens}

    def with_role(self, role: str) -> Iterator[tuple[Predictions, Scan, Regions]]:
        """Open the scans that have regions of a role, one after the other.

        Parameters
        ----------
        role
            Name of the role, such as "calibrate".

        Yields
        ------
        predictions : Predictions
            Predictions of a scan, open until the next one is asked for.
        scan : Scan
            Its frames and reference, likewise.
        regions : Regions
            Its regions.

        Raises
        ------
        InputError
            Where such a scan has no reference.
        """
        for ensemble_file, scan_file, region_file in zip(self.ensembles, self.scans, self.regions, strict=True):
            regions = Regions.read(region_file)
            if not regions.of(role):
                continue
            with Predictions(ensemble_file) as ensemble, Scan(scan_file) as scan:
                if not scan.has_reference or not ensemble.n_frames:
                    raise InputError(
                        f"the scan has {role} regions but no reference to {role} against",
                        file=scan_file,
                        remedy="name its reference in the scan sheet, or give it the role apply",
                    )
                yield ensemble, scan, regions
