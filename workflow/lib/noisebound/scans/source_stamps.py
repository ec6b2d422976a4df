"""Whether a scan's files still hold what was ingested: by size and time of change or, if these differ, by content.

Only the standard library is used, because every job reads the workflow and asks this.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ..core.storage import digest_json, sha256_file, write_json

VARIABLE = "NOISEBOUND_STAMPS"


def file_stamp(path: str | Path) -> str:
    """Describe the state of a file without reading it.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        Size in bytes and time of change in ns. A file that was replaced by an older one has another stamp too.

    Raises
    ------
    OSError
        If the file is missing.
    """
    status = Path(path).stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def stamps_of_sources(files: Sequence[str], sidecar: str | Path, memory: str | Path | None = None) -> list[str]:
    """Return stamps of the files of a scan that change if and only if their content does.

    Parameters
    ----------
    files
        The files that the scan sheet names.
    sidecar
        The JSON file that the ingest step writes beside a scan. It holds ``planned``, the value that this function
        returned when the ingest was planned, and ``files``, every file that was read (also those that an HDF5 file
        links to) with path, size (bytes), mtime_ns and sha256.
    memory
        JSON file that stores the digests of files whose time of change differs, so that each is read only once. It may
        be lost at any time.

    Returns
    -------
    list of str
        ``planned`` if every file still holds what was ingested; otherwise one stamp per file.

    Raises
    ------
    OSError
        If the scan was not ingested yet and a file is missing.
    """
    ingested = _sidecar(sidecar)
    if ingested is None:
        return [file_stamp(file) for file in files]
    read = ingested["files"]
    if {entry["path"] for entry in read}.issuperset(files) and all(_unchanged(entry, memory) for entry in read):
        return [str(stamp) for stamp in ingested["planned"]]
    paths = dict.fromkeys([*files, *(str(entry["path"]) for entry in read)])
    return [f"{path}: {_stamp_or_missing(path)}" for path in paths]


def stamps_of_run(stamps: Callable[[], dict[str, list[str]]], folder: str | Path, *, started_by_user: bool) -> Any:
    """Return the stamps of all scans of a run, the same in the process that the user started and in its jobs.

    Snakemake removes the sidecar of a scan before it is ingested again. A job that computed the stamps itself would
    thus find others than those that were planned, and the next run would ingest the scan once more.

    Parameters
    ----------
    stamps
        Computes the stamps by name of the scan.
    folder
        Folder in which the stamps are stored for the jobs; an environment variable leads the jobs to the file.
    started_by_user
        False in the jobs, which read the stored stamps.

    Returns
    -------
    dict
        The stamps by name of the scan.
    """
    if not started_by_user:
        with suppress(OSError, ValueError, KeyError):
            return json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8"))
        return stamps()
    found = stamps()
    # Named by its content, so that no other run changes it.
    kept = (Path(folder) / f"stamps-{digest_json(found)}.json").absolute()
    if not kept.exists():
        write_json(kept, found)
    os.environ[VARIABLE] = str(kept)
    return found


def _sidecar(path: str | Path) -> dict[str, Any] | None:
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        usable = isinstance(content["planned"], list) and all(
            isinstance(entry["path"], str) and isinstance(entry["sha256"], str) and entry["mtime_ns"] + entry["size"]
            for entry in content["files"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return content if usable else None


def _stamp_or_missing(path: str) -> str:
    try:
        return file_stamp(path)
    except OSError:
        return "missing"


def _unchanged(entry: Mapping[str, Any], memory: str | Path | None) -> bool:
    path = entry["path"]
    try:
        status = os.stat(path)
    except OSError:
        return False
    if status.st_size != entry["size"]:
        return False
    if status.st_mtime_ns == entry["mtime_ns"]:
        return True
    return _content(os.path.realpath(path), f"{status.st_size} {status.st_mtime_ns}", memory) == entry["sha256"]


@cache
def _content(path: str, stamp: str, memory: str | Path | None) -> str:
    """Return the SHA-256 of a file; from ``memory`` if it is stored there under this stamp."""
    known: dict[str, Any] = {}
    if memory is not None:
        with suppress(OSError, ValueError):
            found = json.loads(Path(memory).read_text(encoding="utf-8"))
            known = found if isinstance(found, dict) else {}
    match known.get(path):
        case [found, str(digest)] if found == stamp:
            return digest
    digest = sha256_file(path)
    if memory is not None:
        with suppress(OSError):
            write_json(memory, {**known, path: [stamp, digest]})
    return digest
