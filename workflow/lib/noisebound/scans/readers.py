"""Images from TIFF (plain, ImageJ, OME) and HDF5, with axes, channel names and pixel size; every value is checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import SAVE_AGAIN, InputError
from ..core.sources import HDF5_SUFFIXES, TIFF_SUFFIXES, split_source
from .axes import SPATIAL, resolve_axes
from .stored_image import Origin, SourceFile, StoredImage


@dataclass(frozen=True)
class Header:
    """What is known of an image before its pixels are read.

    Parameters
    ----------
    source
        The source as it was named.
    shape, dtype
        Shape and type of the array.
    axes
        One letter of RCZYX per axis: R repeat, C channel, Z, Y, X.
    channels
        Names of the channels; None if the file gives none.
    pixel_size, pixel_unit
        One number per spatial axis of the image ([z], y, x) and their unit; None if the file gives none.
    files
        All files that it is read from, the named one first.
    origins
        The boxes of stored arrays in them that hold its pixels.
    """

    source: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    axes: str
    channels: tuple[str, ...] | None = None
    pixel_size: tuple[float, ...] | None = None
    pixel_unit: str | None = None
    files: tuple[SourceFile, ...] = ()
    origins: tuple[Origin, ...] = ()

    def length(self, axis: str) -> int:
        """Return the length of an axis.

        Parameters
        ----------
        axis
            Letter of the axis.

        Returns
        -------
        int
            Its length; 1 if the image does not have it.
        """
        return self.shape[self.axes.index(axis)] if axis in self.axes else 1


@dataclass(frozen=True)
class Image:
    """An image with finite real values.

    Parameters
    ----------
    array
        The pixels, in the dtype and the order of axes of the file.
    axes, channels, pixel_size, pixel_unit
        As in its :class:`Header`.
    files
        All files that it was read from, as they were just before.
    """

    array: np.ndarray
    axes: str
    channels: tuple[str, ...] | None
    pixel_size: tuple[float, ...] | None
    pixel_unit: str | None
    files: tuple[SourceFile, ...] = ()


def read_header(source: str | Path, *, axes: str | None = None) -> Header:
    """Read shape, type and metadata of an image without its pixels.

    Parameters
    ----------
    source
        A TIFF file, or an HDF5 dataset (``file.h5:/path``).
    axes
        Overrides the axes that the file gives.

    Returns
    -------
    Header
        The header of the image.

    Raises
    ------
    InputError
        If the file is missing, empty, corrupt or truncated, its axes cannot be used, the array has no pixels, or its
        values are not real numbers.
    """
    return _read(source, axes, pixels=False)[0]


def read_image(source: str | Path, *, axes: str | None = None) -> Image:
    """Read a whole image, in its own dtype and native byte order.

    Parameters
    ----------
    source, axes
        As for :func:`read_header`.

    Returns
    -------
    Image
        The image.

    Raises
    ------
    InputError
        As in :func:`read_header`, and if pixels cannot be decoded, are NaN or are infinite.
    """
    header, array = _read(source, axes, pixels=True)
    if array is None or array.shape != header.shape:
        got = None if array is None else array.shape
        raise InputError(f"pixels of shape {got} where {header.shape} was announced", file=source, remedy=SAVE_AGAIN)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    _check_finite(array, source)
    return Image(array, header.axes, header.channels, header.pixel_size, header.pixel_unit, header.files)


def _read(source: str | Path, axes: str | None, *, pixels: bool) -> tuple[Header, np.ndarray | None]:
    file, dataset = split_source(source)
    _check_file(file)
    suffix = Path(file).suffix.lower()
    if dataset is not None or suffix in HDF5_SUFFIXES:
        from .hdf5 import read_hdf5

        stored = read_hdf5(file, dataset, pixels=pixels)
    elif suffix in TIFF_SUFFIXES:
        from .tiff import read_tiff

        stored = read_tiff(file, axes, pixels=pixels)
    else:
        known = ", ".join(TIFF_SUFFIXES + HDF5_SUFFIXES)
        raise InputError(f"unknown image format {suffix!r}", file=file, remedy=f"save it as one of {known}")
    return _header(str(source), stored, axes), stored.array


def _check_file(file: str) -> None:
    path = Path(file)
    if path.is_dir():
        raise InputError("a directory, not an image file", file=file, remedy="name the files themselves")
    if not path.is_file():
        raise InputError("the file does not exist", file=file, remedy="correct the path or put the file there")
    try:
        with open(path, "rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        remedy = "make the file readable for this user"
        raise InputError(f"the file cannot be opened ({error.strerror})", file=file, remedy=remedy) from None
    if empty:
        raise InputError("the file is empty (0 bytes)", file=file, remedy=SAVE_AGAIN)


def _header(source: str, stored: StoredImage, given: str | None) -> Header:
    shape, dtype, metadata = stored.shape, stored.dtype, stored.metadata
    if dtype.kind not in "uif":
        raise InputError(
            f"values of type {dtype} are not real numbers",
            file=source,
            remedy="save integers or floating-point numbers (for complex data the magnitude)",
        )
    if math.prod(shape) == 0:
        raise InputError(f"an array of shape {shape} holds no pixel", file=source, remedy=SAVE_AGAIN)
    axes = resolve_axes(source, shape, given if given else metadata.axes, given=bool(given))
    sizes = _pixel_size(metadata.pixel_size, axes)
    channels = metadata.channels
    if channels is not None and len(channels) != (shape[axes.index("C")] if "C" in axes else 1):
        channels = None
    unit = metadata.pixel_unit if sizes else None
    return Header(source, shape, dtype, axes, channels, sizes, unit, stored.files, stored.origins)


def _pixel_size(sizes: dict[str, float] | None, axes: str) -> tuple[float, ...] | None:
    """Return the sizes of the spatial axes in the order [z,] y, x; None unless each is a positive finite number."""
    if not sizes:
        return None
    # The spacing of planes is often left out if all axes were sampled alike.
    ordered = [sizes.get(axis, sizes.get("Y") if axis == "Z" else None) for axis in SPATIAL if axis in axes]
    known = [size for size in ordered if size is not None and math.isfinite(size) and size > 0]
    return tuple(known) if len(known) == len(ordered) else None


def _check_finite(array: np.ndarray, source: str | Path) -> None:
    if array.dtype.kind != "f":
        return
    not_a_number = infinite = 0
    for part in array:
        not_a_number += int(np.count_nonzero(np.isnan(part)))
        infinite += int(np.count_nonzero(np.isinf(part)))
    if not_a_number or infinite:
        raise InputError(
            f"{not_a_number} NaN and {infinite} infinite values among {array.size}",
            file=source,
            remedy="repair or crop the bad pixels, for example with the value of their neighbours, and save again",
        )
