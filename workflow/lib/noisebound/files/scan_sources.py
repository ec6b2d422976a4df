"""What a scan was read from: files and pixels with their digests, in a JSON file beside the scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core.errors import InputError
from ..core.storage import read_json, write_json

FORMAT_VERSION = 1
# Parts besides noisy, reference and truth whose pixels are digested.
SUM, MEAN = "sum of the noisy frames", "mean of the noisy frames"


@dataclass(frozen=True)
class ScanSources:
    """Where the pixels of a scan come from.

    Parameters
    ----------
    planned
        Stamps of the source files when the workflow was read.
    named
        The sources as the scan sheet spells them.
    files
        Every file that was read, once: ``path``, ``size`` (bytes), ``mtime_ns`` and ``sha256``.
    frames
        Number of noisy frames.
    arrays
        Every channel with more than one value: ``part`` (noisy, reference, truth, or the sum or mean of the frames),
        ``frame``, ``channel``, and the digest ``sha256`` of its pixels.
    datasets
        Every box of a stored array that was read: from ``lower`` to ``upper`` of ``array`` in the file with the digest
        ``sha256``.
    """

    planned: tuple[str, ...]
    named: tuple[str, ...]
    files: tuple[dict[str, Any], ...]
    frames: int
    arrays: tuple[dict[str, Any], ...]
    datasets: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, path: str | Path) -> ScanSources:
        """Read a file that :meth:`write` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        ScanSources
            Its content.

        Raises
        ------
        InputError
            If the file is missing or something else.
        """
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
        """Write as JSON, atomically.

        Parameters
        ----------
        path
            The file to write.
        """
        write_json(path, {"format_version": FORMAT_VERSION, **asdict(self)})

    def is_current(self, named: Sequence[str]) -> bool:
        """Tell whether the sources are still the same.

        Parameters
        ----------
        named
            The sources as the scan sheet spells them now.

        Returns
        -------
        bool
            True if the sheet names the same sources, and every file has the same size and time of change.
        """
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
