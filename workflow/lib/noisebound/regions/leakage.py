"""Pixels that two scans share, found by the digests of their pixels and by the arrays that they were read from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import InputError, LeakageError
from ..core.roles import DISJOINT_ROLES, SPLIT
from ..files.scan_sources import MEAN, SUM, ScanSources
from ..geometry.boxes import boxes_meet

_REMEDY = (
    "give both scans the same role (not split), keep the pixels in one of them only, or make them one scan with the "
    "role split"
)


@dataclass(frozen=True)
class LearnedScan:
    """A scan that something is learned from or judged on.

    Parameters
    ----------
    name
        Its name.
    roles
        The roles of its pixels.
    sources
        Where its pixels come from.
    group
        Name that scans of one field of view share; empty for none.
    """

    name: str
    roles: frozenset[str]
    sources: ScanSources
    group: str = ""


def clash(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether two scans of these roles must not share pixels.

    Parameters
    ----------
    one, other
        The roles of the pixels of each scan.

    Returns
    -------
    bool
        False if both scans have the same single role, or none at all.
    """
    return one != other or len(one) > 1


def check_shared(scans: Iterable[LearnedScan]) -> None:
    """Check that scans of clashing roles (:func:`clash`) share no group, no pixels, and no part of an array in a file.

    Pixels are compared by the digest of each channel of each frame, reference or truth, so a copy in another format is
    found too. An array in a file counts as shared only if both scans read from overlapping boxes of it.

    Parameters
    ----------
    scans
        All scans that something is learned from or judged on.

    Raises
    ------
    LeakageError
        If two scans share something; the message names both.
    """
    seen: dict[str, list[tuple[LearnedScan, dict[str, Any]]]] = {}
    read: dict[tuple[str, str], list[tuple[LearnedScan, dict[str, Any]]]] = {}
    groups: dict[str, LearnedScan] = {}
    for scan in scans:
        first = groups.setdefault(scan.group, scan) if scan.group else scan
        if first is not scan and clash(first.roles, scan.roles):
            raise _leakage(first, scan, f"share the same group {scan.group!r}")
        shared: dict[str, list[str]] = {}
        for array in scan.sources.arrays:
            for other, its in seen.get(array["sha256"], ()):
                if clash(other.roles, scan.roles):
                    shared.setdefault(other.name, []).append(
                        f"{_described(its)} of {other.name!r} is {_described(array)} of {scan.name!r}"
                    )
        for name, equal in shared.items():
            more = f" and {len(equal) - 3} more" if len(equal) > 3 else ""
            raise _leakage(_named(seen.values(), name), scan, f"hold the same pixels ({'; '.join(equal[:3])}{more})")
        for box in scan.sources.datasets:
            key = (box["sha256"], box["array"])
            for other, its in read.get(key, ()):
                corners = (its["lower"], its["upper"], box["lower"], box["upper"])
                if clash(other.roles, scan.roles) and boxes_meet(*corners):
                    file = next(file["path"] for file in scan.sources.files if file["sha256"] == box["sha256"])
                    raise _leakage(other, scan, f"are read from the same pixels of {file!r}")
        for array in scan.sources.arrays:
            seen.setdefault(array["sha256"], []).append((scan, array))
        for box in scan.sources.datasets:
            read.setdefault((box["sha256"], box["array"]), []).append((scan, box))


def check_new_scan(new: LearnedScan, others: Mapping[str, tuple[str, str | Path, list[str]]]) -> None:
    """Compare a scan with those that were ingested before.

    Parameters
    ----------
    new
        The scan.
    others
        By name of a scan: its role, the file of its sources (:class:`ScanSources`), and the sources as the sheet spells
        them. A scan is left out if it has not been ingested yet, or if its sources have changed since, in the sheet or
        on the disk.

    Raises
    ------
    LeakageError
        As in :func:`check_shared`.
    """
    for name, (role, path, named) in others.items():
        if name == new.name or not Path(path).exists():
            continue
        try:
            sources = ScanSources.read(path)
        except InputError:
            continue  # damaged or of another version: the workflow writes it again
        if sources.is_current(named):
            check_shared([LearnedScan(name, roles_of(role), sources), new])


def roles_of(role: str) -> frozenset[str]:
    """List the roles that pixels of a scan may have.

    Parameters
    ----------
    role
        The role of the scan in the scan sheet.

    Returns
    -------
    frozenset of str
        The role itself; all of ``DISJOINT_ROLES`` for the role split.
    """
    return frozenset(DISJOINT_ROLES if role == SPLIT else [role])


def _named(seen: Iterable[list[tuple[LearnedScan, dict[str, Any]]]], name: str) -> LearnedScan:
    return next(scan for entries in seen for scan, _ in entries if scan.name == name)


def _described(array: Mapping[str, Any]) -> str:
    what = array["part"] if array["part"] in (SUM, MEAN) else f"{array['part']} frame {array['frame']}"
    return f"{what}, channel {array['channel']}"


def _leakage(one: LearnedScan, other: LearnedScan, how: str) -> LeakageError:
    named = [f"{scan.name!r} ({', '.join(sorted(scan.roles))})" for scan in (one, other)]
    return LeakageError(f"the scans {named[0]} and {named[1]} {how}", key="role", remedy=_REMEDY)
