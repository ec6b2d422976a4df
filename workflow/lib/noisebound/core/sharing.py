"""What may leave this machine: files by a name that tells neither folders, nor users, nor machines.

Scan pages, the index and the crate are made to be shared. They name files below the working folder relative to it, and
others by their base name. Full paths and machines stand in the records of the jobs and on their page alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from .sources import split_source


def shared_path(source: str) -> str:
    """A source as it may be shared: relative to the working folder, or its base name; with its dataset's path."""
    file, dataset = split_source(source)
    shared = _below_here(file) or PurePath(os.path.normpath(file)).name or "folder"
    return shared if dataset is None else f"{shared}:{dataset}"


def shared_paths(sources: Iterable[str]) -> dict[str, str]:
    """Each source as it may be shared, and different sources by different names.

    Files elsewhere that have the same base name are told apart by a number for their folder.
    """
    found: dict[str, str] = {}
    folders: dict[str, int] = {}
    given = list(dict.fromkeys(sources))
    short = [shared_path(source) for source in given]
    for source, name in zip(given, short, strict=True):
        file = split_source(source)[0]
        if short.count(name) > 1 and _below_here(file) is None:
            number = folders.setdefault(os.path.dirname(os.path.abspath(file)), len(folders) + 1)
            name = f"elsewhere-{number}/{name}"
        found[source] = name
    return found


def shared_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as it may be shared: with shared paths, and without what names machines or accounts."""
    kept = {key: value for key, value in config.items() if key not in ("cluster", "software")}
    return kept | {key: shared_path(str(kept[key])) for key in ("results", "scans") if key in kept}


def shared_row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A row of the scan sheet with its files by the ``names`` of :func:`shared_paths`."""

    def rename(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        return [names.get(part, part) for part in value] if value else value

    return dict(row) | {key: rename(row[key]) for key in ("noisy", "reference", "truth") if key in row}


def sources_of(rows: Iterable[Mapping[str, Any]], other: Sequence[str] = ()) -> list[str]:
    """All sources in rows of the scan sheet; ``other`` are words that stand in the place of a file."""
    found: list[str] = []
    for row in rows:
        for key in ("noisy", "reference", "truth"):
            value = row.get(key)
            found += [value] if isinstance(value, str) else list(value or ())
    return [source for source in found if source not in other]


def _below_here(file: str) -> str | None:
    """The path relative to the working folder, with slashes; None where the file is elsewhere."""
    here = os.getcwd()
    for path in (os.path.abspath(file), os.path.realpath(file)):
        for root in (here, os.path.realpath(here)):
            if PurePath(path).is_relative_to(root) and path != root:
                return PurePath(path).relative_to(root).as_posix()
    return None
