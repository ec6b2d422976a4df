"""Zip archives of weights (.pt) and of arrays (.npz): checks for damage and for content that is missing."""

from __future__ import annotations

import math
import os
import zipfile
from pathlib import Path

from numpy.lib import format as npy


def check_archive(path: str | Path) -> None:
    """Check that an archive is complete and undamaged, which torch does not check when it reads one.

    Parameters
    ----------
    path
        A file of weights (.pt) or of arrays (.npz).

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is no zip archive, is damaged, announces more bytes than it has, or is compressed. Neither torch nor
        numpy writes compressed archives here.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            announced, held = sum(entry.file_size for entry in entries), os.path.getsize(path)
            if announced > held or any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise ValueError(f"its header promises {announced} bytes of content, and the file has {held} bytes")
            changed = archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(str(error)) from None
    if changed is not None:
        raise ValueError(f"{changed} in it is damaged")


def check_arrays(path: str | Path) -> None:
    """Check that every array of an npz file has as many bytes as its header announces.

    Parameters
    ----------
    path
        A file of arrays (.npz).

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        As in :func:`check_archive`, and if an entry is no array or announces more bytes than it has.
    """
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            try:
                with archive.open(entry) as stream:
                    version = npy.read_magic(stream)
                    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
                    shape, _, dtype = read(stream)
            except Exception as error:  # a header is parsed as Python, and what that may raise is not documented
                raise ValueError(f"{entry.filename}: {error}") from None
            if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize > entry.file_size:
                raise ValueError(f"{entry.filename} announces the shape {shape} within {entry.file_size} bytes")
