"""What a scan was read from: every file with its digest, and digests of its pixels, kept in a file beside the scan."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .acquisition import Acquisition
from .errors import InputError
from .readers import Header
from .scan_content import Content
from .storage import read_json, sha256_file, write_json
from .stored_image import SourceFile

FORMAT_VERSION = 1


@dataclass(frozen=True)
class ScanSources:
    """Where the pixels of a scan come from.

    ``planned`` are the stamps of its files when the workflow was read, ``named`` the sources as the scan sheet spells
    them. ``files`` holds every file that was read once: ``path``, ``size`` (bytes), ``mtime_ns`` and ``sha256``.
    ``arrays`` holds the digest ``sha256`` of every channel that has more than one value, with its ``part`` (noisy,
    reference, truth), ``frame`` and ``channel``. ``datasets`` holds the boxes ``lower`` to ``upper`` of the arrays
    (``array`` of the file with the digest ``sha256``) that were read.
    """

    planned: tuple[str, ...]
    named: tuple[str, ...]
    files: tuple[dict[str, Any], ...]
    frames: int
    arrays: tuple[dict[str, Any], ...]
    datasets: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, acquisition: Acquisition, content: Content, planned: Iterable[str] = ()) -> ScanSources:
        """Describe the sources of an acquisition whose content was read to the end.

        Raises ``InputError`` where a file was changed since its header was read.
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
        return cls(
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

    @classmethod
    def read(cls, path: str | Path) -> ScanSources:
        """Read a file written by :meth:`write`. Raises ``InputError`` where it is something else."""
        content = read_json(path)
        try:
            if content.pop("format_version") != FORMAT_VERSION:
                raise TypeError("another format")
            lists = {key: tuple(content.pop(key)) for key in ("planned", "named", "files", "arrays", "datasets")}
            return cls(frames=int(content["frames"]), **lists)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            remedy = "delete it and start the same command again"
            raise InputError(
                f"not a list of sources that noisebound wrote ({error})", file=path, remedy=remedy
            ) from None

    def write(self, path: str | Path) -> None:
        """Write as JSON, atomically."""
        write_json(path, {"format_version": FORMAT_VERSION, **asdict(self)})

    def is_current(self, named: Sequence[str]) -> bool:
        """Whether the scan sheet still names these sources, and the files are as they were."""
        if self.named != tuple(named):
            return False
        try:
            return all(
                (status.st_size, status.st_mtime_ns) == (file["size"], file["mtime_ns"])
                for file in self.files
                for status in [os.stat(file["path"])]
            )
        except OSError:
            return False

    def attribute(self, acquisition: Acquisition) -> list[dict[str, str]]:
        """Every source with the SHA-256 of its file and its part, followed by the files that it refers to."""
        digests: Mapping[str, str] = {os.path.realpath(file["path"]): file["sha256"] for file in self.files}
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
    """Every source of an acquisition with its part: noisy, reference or truth."""
    found = [("noisy", header) for header in acquisition.noisy]
    found += [("reference", header) for header in acquisition.reference]
    return found + ([("truth", acquisition.truth)] if acquisition.truth else [])
