"""The sources of a scan that is being ingested: files and arrays with their digests."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from ..core.errors import InputError
from ..core.storage import sha256_file
from ..files.scan_sources import ScanSources
from .acquisition import Acquisition
from .content import Content
from .readers import Header
from .stored_image import SourceFile


def describe_sources(acquisition: Acquisition, content: Content, planned: Iterable[str] = ()) -> ScanSources:
    """Describe the sources of an acquisition after all their pixels were read.

    Parameters
    ----------
    acquisition
        The sources.
    content
        Their content, with the digests of its pixels.
    planned
        Stamps of the files when the workflow was read.

    Returns
    -------
    ScanSources
        The description.

    Raises
    ------
    InputError
        If a file was changed since its header was read.
    """
    headers = [header for _, header in parts(acquisition)]
    found: dict[str, SourceFile] = {}
    for header in headers:
        found.setdefault(header.files[0].path, header.files[0])
    known = {os.path.realpath(path) for path in found}
    for file in (file for header in headers for file in header.files[1:]):
        if os.path.realpath(file.path) not in known:
            known.add(os.path.realpath(file.path))
            found[file.path] = file
    digests: dict[str, str] = {}
    for path, file in found.items():
        digests[os.path.realpath(path)] = sha256_file(path)
        status = os.stat(path)
        if (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns):
            remedy = "wait until the measurement is complete and start the same command again"
            raise InputError("the file was changed while it was read", file=path, remedy=remedy)
    return ScanSources(
        planned=tuple(planned),
        named=tuple(header.source for header in headers),
        files=tuple({**asdict(file), "sha256": digests[os.path.realpath(path)]} for path, file in found.items()),
        frames=acquisition.n_frames,
        arrays=tuple(content.arrays),
        datasets=tuple(
            {
                "sha256": digests[os.path.realpath(origin.path)],
                "array": origin.array,
                "lower": list(origin.lower),
                "upper": list(origin.upper),
            }
            for origin in dict.fromkeys(origin for header in headers for origin in header.origins)
        ),
    )


def sources_attribute(sources: ScanSources, acquisition: Acquisition) -> list[dict[str, str]]:
    """List the sources for the attribute ``sources`` of the scan's file.

    Parameters
    ----------
    sources
        The description of the sources.
    acquisition
        The sources.

    Returns
    -------
    list of dict
        For every source its ``path`` as the scan sheet spells it, the ``sha256`` of its file and its ``part``; each
        followed by the files that it refers to.
    """
    digests: Mapping[str, str] = {os.path.realpath(file["path"]): file["sha256"] for file in sources.files}
    return [
        {
            "path": file.path if number else header.source,
            "sha256": digests[os.path.realpath(file.path)],
            "part": part,
        }
        for part, header in parts(acquisition)
        for number, file in enumerate(header.files)
    ]


def parts(acquisition: Acquisition) -> list[tuple[str, Header]]:
    """List the sources of an acquisition with their parts.

    Parameters
    ----------
    acquisition
        The sources.

    Returns
    -------
    list of (str, Header)
        "noisy", "reference" or "truth", and the header.
    """
    found = [("noisy", header) for header in acquisition.noisy]
    found += [("reference", header) for header in acquisition.reference]
    return found + ([("truth", acquisition.truth)] if acquisition.truth else [])
