"""The step check_roles: refuse any way in which a pixel could serve two roles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.storage import write_json
from ..files.scan import Scan
from ..files.scan_sources import ScanSources
from .leakage import LearnedScan, check_shared
from .regions import Regions


def check_roles(
    scan_files: Sequence[str | Path],
    region_files: Sequence[str | Path],
    source_files: Sequence[str | Path],
    output: str | Path,
) -> None:
    """Refuse any way in which a pixel could serve two roles, across all learned scans; write what was checked.

    Within a scan, boxes of different roles must keep the guard band. Between scans, the same pixels or the same group
    (one field of view) under different roles are refused: repeats of one field of view share scene and reference.

    Parameters
    ----------
    scan_files, region_files, source_files
        Of every scan ``scans/<scan>.h5``, ``regions/<scan>.json`` and ``scans/<scan>.json``, in one order.
    output
        Where to write the roles of every scan, as JSON.

    Raises
    ------
    LeakageError
        Where two roles meet (:func:`leakage.check_shared`, :meth:`Regions.check`).
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
