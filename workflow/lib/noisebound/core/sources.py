"""How image sources are named: a plain path, or ``file.h5:/path/of/dataset``."""

from __future__ import annotations

import os
import re
from pathlib import Path

HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5", ".nxs")
TIFF_SUFFIXES = (".tif", ".tiff", ".btf")
# Written instead of the reference's files: the target of a frame is the mean of the other frames.
LEAVE_ONE_OUT = "leave-one-out"
_ENDINGS = "|".join(suffix.removeprefix(".") for suffix in HDF5_SUFFIXES)
_HDF5_SOURCE = re.compile(rf"(?P<file>.+\.(?:{_ENDINGS})):(?P<dataset>.*)", re.IGNORECASE | re.DOTALL)


def split_source(source: str | Path) -> tuple[str, str | None]:
    """Split a source into the path of its file and the path of its HDF5 dataset.

    Parameters
    ----------
    source
        A path, or ``file.h5:/dataset``.

    Returns
    -------
    tuple of (str, str or None)
        The file, and the dataset; None if no dataset is named.
    """
    match = _HDF5_SOURCE.fullmatch(str(source))
    return (match["file"], match["dataset"]) if match else (str(source), None)


def source_identity(source: str | Path) -> tuple[str, str]:
    """Return a key that is the same for two spellings of one source.

    Parameters
    ----------
    source
        A path, or ``file.h5:/dataset``.

    Returns
    -------
    tuple of (str, str)
        The path of the file with symbolic links resolved, and the path of the dataset ("/" if none is named).
    """
    file, dataset = split_source(source)
    return os.path.realpath(file), "/" + "/".join(part for part in (dataset or "").split("/") if part not in ("", "."))
