"""Names of files that may leave this machine: they reveal neither folders, nor users, nor machines.

Scan pages, the index and the crate are made to be shared. They name a file below the working folder by its relative
path, and any other file by its base name. Only the jobs' records and the page on jobs show full paths and machines.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from .sources import split_source


def shared_path(source: str) -> str:
    """Return the name under which a source may be shared.

    Parameters
    ----------
    source
        A path, or ``file.h5:/dataset``.

    Returns
    -------
    str
        The path relative to the working folder, or the base name of a file elsewhere; followed by the path of the
        dataset, if there is one.
    """
    file, dataset = split_source(source)
    shared = _below_here(file) or PurePath(os.path.normpath(file)).name or "folder"
    return shared if dataset is None else f"{shared}:{dataset}"


def shared_paths(sources: Iterable[str]) -> dict[str, str]:
    """Return the names under which several sources may be shared, with different names for different files.

    Parameters
    ----------
    sources
        Paths, or ``file.h5:/dataset``.

    Returns
    -------
    dict
        The shared name of each source. Files outside of the working folder that have the same base name are prefixed
        with ``elsewhere-<number>/``, one number per folder.
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
    """Return a configuration as it may be shared.

    Parameters
    ----------
    config
        The configuration.

    Returns
    -------
    dict
        The configuration without the sections ``cluster`` and ``software``, which name machines and accounts, and with
        ``results`` and ``scans`` as in :func:`shared_path`.
    """
    kept = {key: value for key, value in config.items() if key not in ("cluster", "software")}
    return kept | {key: shared_path(str(kept[key])) for key in ("results", "scans") if key in kept}


def shared_row(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return a row of the scan sheet as it may be shared.

    Parameters
    ----------
    row
        The row by column.
    names
        The shared name of each source, from :func:`shared_paths`.

    Returns
    -------
    dict
        The row, with the sources in ``noisy``, ``reference`` and ``truth`` replaced by their shared names.
    """

    def rename(value: Any) -> Any:
        if isinstance(value, str):
            return names.get(value, value)
        return [names.get(part, part) for part in value] if value else value

    return dict(row) | {key: rename(row[key]) for key in ("noisy", "reference", "truth") if key in row}


def sources_of(rows: Iterable[Mapping[str, Any]], other: Sequence[str] = ()) -> list[str]:
    """List the sources in rows of the scan sheet.

    Parameters
    ----------
    rows
        Rows by column; the columns ``noisy``, ``reference`` and ``truth`` are read.
    other
        Words that can stand in place of a source, such as "leave-one-out". They are left out.

    Returns
    -------
    list of str
        The sources in their order, repetitions included.
    """
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
