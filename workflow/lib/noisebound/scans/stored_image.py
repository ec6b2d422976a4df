"""What a reader finds in a file: an image as it is stored, and the files and arrays that its pixels come from."""

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
    """A file as it was just before it was opened.

    Parameters
    ----------
    path
        Its path.
    size
        Its size in bytes.
    mtime_ns
        Its time of change in ns.
    """

    path: str
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: str | Path) -> SourceFile:
        """Describe a file as it is now.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        SourceFile
            Its description.

        Raises
        ------
        OSError
            If the file is missing.
        """
        status = os.stat(path)
        return cls(str(path), status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Origin:
    """The box of a stored array that pixels come from.

    Parameters
    ----------
    path
        The file.
    array
        Distinguishes the arrays of one file: the address of an HDF5 dataset, empty for a TIFF. It is the same in a copy
        of the file, and whatever links lead there.
    lower, upper
        First pixel of the box and the pixel behind its last, one number per axis.
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
        Shape and type of the array.
    metadata
        What the file says of it.
    array
        The pixels; None if only the header was asked for.
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
    """Check that an array fits into the memory that is free.

    Parameters
    ----------
    announced
        Size of the array in bytes.
    file
        Its file, for messages.

    Raises
    ------
    InputError
        If it does not fit.
    """
    free = _free_memory()
    if announced > free:
        raise InputError(
            f"it announces {announced / 1e9:.4g} GB of pixels, and {free / 1e9:.4g} GB of memory are free",
            file=file,
            remedy=f"{SAVE_AGAIN}; a measurement that is really as large is to be split into files of fewer frames",
        )


def _free_memory() -> int:
    """Return the bytes of memory that can be used without swapping; if unknown, the memory of the machine."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
