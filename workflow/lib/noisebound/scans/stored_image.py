"""What a reader finds in a file: an image as it is stored, and which files and arrays its pixels come from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import SAVE_AGAIN, InputError
from .metadata import Metadata


@dataclass(frozen=True)
class SourceFile:
    """A file as it was just before it was opened: ``size`` in bytes, time of change ``mtime_ns`` in nanoseconds."""

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str | Path) -> SourceFile:
        """Describe the file at ``path``, which must exist."""
        status = os.stat(path)
        return cls(str(path), status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Origin:
    """The box of a stored array that pixels come from; ``upper`` does not belong to it.

    ``array`` tells the arrays of one file apart (the address of an HDF5 dataset, empty for a TIFF). It is the same in
    a copy of the file, whatever links lead there.
    """

    path: str
    array: str
    lower: tuple[int, ...]
    upper: tuple[int, ...]


@dataclass(frozen=True)
class StoredImage:
    """An image as it is stored, in its own dtype and order of axes.

    Parameters
    ----------
    shape, dtype
        Of the array.
    metadata
        What the file says of it.
    array
        The pixels; None where only the header was asked for.
    files
        All files that were opened, the one that was named first.
    origins
        The boxes of arrays that hold the pixels.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    metadata: Metadata
    array: np.ndarray | None
    files: tuple[SourceFile, ...]
    origins: tuple[Origin, ...]


def check_memory(announced: int, file: str | Path) -> None:
    """Raise ``InputError`` where an array of ``announced`` bytes does not fit into the memory that is free."""
    free = _free_memory()
    if announced > free:
        raise InputError(
            f"it announces {announced / 1e9:.4g} GB of pixels, and {free / 1e9:.4g} GB of memory are free",
            file=file,
            remedy=f"{SAVE_AGAIN}; a measurement that is really as large is to be split into files of fewer frames",
        )


def _free_memory() -> int:
    """Bytes of memory that can be had without swapping; all memory of the machine where that is not known."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
