"""How image sources are named: a plain path, or ``file.h5:/path/of/dataset``; and what a scan may be called."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .errors import InputError

HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf", ".he5", ".nxs")
TIFF_SUFFIXES = (".tif", ".tiff", ".btf")
LEAVE_ONE_OUT = "leave-one-out"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_HDF5_SOURCE = re.compile(r"(?P<file>.+\.(?:h5|hdf5|hdf|he5|nxs)):(?P<dataset>.*)", re.IGNORECASE | re.DOTALL)


def split_source(source: str | Path) -> tuple[str, str | None]:
    """Split a source into the file's path and the HDF5 dataset's path (``None`` where none is named)."""
    match = _HDF5_SOURCE.fullmatch(str(source))
    return (match["file"], match["dataset"]) if match else (str(source), None)


def source_identity(source: str | Path) -> tuple[str, str]:
    """What is the same for two spellings of one source: the file's resolved path and the dataset's path."""
    file, dataset = split_source(source)
    return os.path.realpath(file), "/" + "/".join(part for part in (dataset or "").split("/") if part not in ("", "."))


def check_name(name: str, *, key: str = "scan", file: str | Path | None = None) -> str:
    """Return ``name`` if it may be part of a file name and of a web page; raise ``InputError`` otherwise."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise InputError(
            "the name has characters that file names and pages cannot carry",
            file=file,
            key=key,
            value=name,
            remedy="use letters, digits, '_', '.' and '-' only, begin with a letter or digit, and avoid '..'",
        )
    return name
