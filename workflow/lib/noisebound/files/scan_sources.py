"""What a scan was read from: every file with its digest, and digests of its pixels, kept in a file beside the scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage import read_json, write_json

FORMAT_VERSION = 1
# What frames are made into, in the digests of pixels beside noisy, reference and truth.
SUM, MEAN = "sum of the noisy frames", "mean of the noisy frames"


@dataclass(frozen=True)
class ScanSources:
    """Where the pixels of a scan come from.

    Parameters
    ----------
    planned
        Stamps of its files when the workflow was read.
    named
        The sources as the scan sheet spells them.
    files
        Every file that was read, once: ``path``, ``size`` (bytes), ``mtime_ns`` and ``sha256``.
    frames
        Number of noisy frames.
    arrays
        Of every channel that has more than one value its ``part`` (noisy, reference, truth, or what frames are made
        into), ``frame`` and ``channel``, and the digest ``sha256`` of its pixels.
    datasets
        The boxes ``lower`` to ``upper`` of arrays (``array`` of the file with the digest ``sha256``) that were read.
    """

    planned: tuple[str, ...]
    named: tuple[str, ...]
    files: tuple[dict[str, Any], ...]
    frames: int
    arrays: tuple[dict[str, Any], ...]
    datasets: tuple[dict[str, Any], ...]

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
