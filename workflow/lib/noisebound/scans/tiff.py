"""TIFF files: which array they hold, what they say of it, and whether all of it is there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import tifffile

from ..core.errors import SAVE_AGAIN, InputError
from .metadata import Metadata, from_imagej, from_json, from_ome
from .stored_image import Origin, SourceFile, StoredImage
from .tiff_storage import check_announced, check_pages, check_stored, json_description


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect the errors that tifffile only logs: after a broken list of pages it reads on with fewer pages."""
    logger, handler = logging.getLogger("tifffile"), _Complaints()
    propagate = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


def read_tiff(file: str, axes: str | None, *, pixels: bool) -> StoredImage:
    """Read the only image series of a TIFF file.

    Parameters
    ----------
    file
        The file.
    axes
        The axes that the scan sheet gives, or None. Axes of length 1 are dropped, unless these count them or the file
        writes them out.
    pixels
        Whether to read the array too.

    Returns
    -------
    StoredImage
        The image, with its array if ``pixels`` is True.

    Raises
    ------
    InputError
        If the file is no TIFF, is truncated or corrupt, holds several images or needs a decoder that is not installed.
    """
    files, origins = (SourceFile.of(file),), (Origin(file, "", (), ()),)
    with _complaints() as complaints:
        try:
            with tifffile.TiffFile(file, _multifile=False) as tiff:
                check_announced(tiff, file)
                series = _only_series(tiff, file)
                check_stored(tiff, series, file, complaints)
                shape, found = _shape_and_axes(series, axes)
                metadata = _metadata(tiff, found, shape, file)
                dtype = np.dtype(series.dtype)
                if pixels:
                    check_pages(tiff, series, file)
                array = series.asarray().reshape(shape) if pixels else None
                return StoredImage(shape, dtype, metadata, array, files, origins)
        except InputError:
            raise
        except ImportError as error:
            remedy = "install it, or save the file uncompressed or with zlib"
            raise InputError(f"its compression needs a package ({error})", file=file, remedy=remedy) from None
        except MemoryError:
            raise InputError(
                "its pixels do not fit into memory", file=file, remedy="split it into files of fewer frames"
            ) from None
        except Exception as error:
            # Damaged bytes surface as errors of many libraries: struct, zlib, tifffile, numpy.
            problem = f"not a readable TIFF file, corrupt or truncated ({type(error).__name__}: {error})"
            raise InputError(problem, file=file, remedy=SAVE_AGAIN) from None


def _only_series(tiff: tifffile.TiffFile, file: str) -> tifffile.TiffPageSeries:
    if len(tiff.series) != 1:
        sizes = ", ".join(str(tuple(series.shape)) for series in tiff.series[:4])
        raise InputError(
            f"{len(tiff.series)} separate images in one file, of shapes {sizes}",
            file=file,
            remedy="save the image to be used as a file of its own",
        )
    return tiff.series[0]


def _shape_and_axes(series: tifffile.TiffPageSeries, axes: str | None) -> tuple[tuple[int, ...], str]:
    """Return shape and axes without axes of length 1, unless ``axes`` counts those that the file's program wrote."""
    written = [
        (length, axis)
        for length, axis in zip(series.get_shape(False), series.get_axes(False), strict=True)
        if (length, axis) != (1, "S")
    ]
    if axes is not None and len(axes) == len(written):
        return tuple(length for length, _ in written), "".join(axis for _, axis in written)
    return tuple(series.shape), series.axes


def _metadata(tiff: tifffile.TiffFile, axes: str, shape: tuple[int, ...], file: str) -> Metadata:
    # tifffile calls an axis I (a sequence of pages) or Q where nothing says what it is.
    known = None if set(axes) & set("IQ") else axes
    if tiff.is_ome and tiff.ome_metadata:
        try:
            return _with_axes(from_ome(tiff.ome_metadata, axes), known)
        except ValueError as error:
            raise InputError(str(error), file=file, remedy=SAVE_AGAIN) from None
    if tiff.is_imagej:
        found = from_imagej(tiff.imagej_metadata or {}, _resolution(tiff), axes, shape)
        return _with_axes(found, known)
    described = from_json(json_description(tiff))
    if described.axes is not None and len(described.axes) == len(shape):
        return described
    return _with_axes(described, known)


def _with_axes(metadata: Metadata, axes: str | None) -> Metadata:
    return Metadata(axes, metadata.channels, metadata.pixel_size, metadata.pixel_unit)


def _resolution(tiff: tifffile.TiffFile) -> dict[str, float]:
    found = {}
    for axis in "XY":
        tag = tiff.pages.first.tags.get(f"{axis}Resolution")
        if tag is not None and tag.value[1]:
            found[axis] = tag.value[0] / tag.value[1]
    return found
