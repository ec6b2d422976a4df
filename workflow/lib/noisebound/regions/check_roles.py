"""The step check_roles: refuse scans in which a pixel could serve two roles."""

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
    """Check that no pixel serves two roles in the scans that are learned from or judged on; write what was checked.

    Within a scan, boxes of different roles must be separated by the guard band. Two scans of different roles must not
    share pixels, nor a group (one field of view), since repeats of a field of view show the same scene.

    Parameters
    ----------
    scan_files, region_files, source_files
        For every scan ``scans/<scan>.h5``, ``regions/<scan>.json`` and ``scans/<scan>.json``, in the same order.
    output
        The JSON file to write, with the roles of every scan.

    Raises
    ------
    LeakageError
        If a pixel could serve two roles (:meth:`Regions.check`, :func:`leakage.check_shared`).
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
