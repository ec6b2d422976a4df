"""HDF5 datasets as images: shape, axes, channel names and pixel size from attributes, with checks of what is stored."""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import h5py
import numpy as np

from ..core.errors import SAVE_AGAIN, InputError
from ..core.length_units import unit_name
from .apart import call_apart
from .hdf5_files import Hdf5Files
from .hdf5_virtual import resolve
from .metadata import Metadata, names, sizes_in_order
from .stored_image import StoredImage

Result = TypeVar("Result")
_HEADER_MEMORY = 400 << 20  # bytes; far more than a description needs, far less than a damaged one asks for
_LONGEST_ATTRIBUTE = 1 << 20  # bytes
# Attributes that describe an image.
_KEYS = ("axes", "channels", "pixel_size", "pixel_unit", "element_size_um")
# Words for axes that are no letters.
_WORDS = {"repeat": "R", "frame": "R", "time": "R", "channel": "C"}


def read_hdf5(file: str, dataset: str | None, *, pixels: bool) -> StoredImage:
    """Read one dataset, also through links and virtual datasets.

    Axes come from the attribute ``axes`` (text or list) or from dimension labels, channel names from ``channels``, and
    the pixel size from ``pixel_size`` with ``pixel_unit``, or from ``element_size_um``, in the order [z], y, x.

    Parameters
    ----------
    file
        The file.
    dataset
        Path of the dataset; None if none is named.
    pixels
        Whether to read the array too.

    Returns
    -------
    StoredImage
        The image, with its array if ``pixels`` is True.

    Raises
    ------
    InputError
        If the file is no HDF5, truncated or corrupt, the path names no dataset (the message lists the datasets), pixels
        are not all stored in HDF5 files, or a file that it refers to is missing.
    """
    # HDF5 itself crashes on some damaged files, and never ends on others.
    apart: dict[str, Any] = {"file": file, "library": "HDF5", "seconds": 4 + os.path.getsize(file) / 1e8}
    header = call_apart(lambda: _in_words(file, lambda: _read_header(file, dataset)), memory=_HEADER_MEMORY, **apart)
    size = math.prod(header.shape) * header.dtype.itemsize
    if not pixels or header.dtype.kind not in "uif" or size == 0:
        return header

    def read_pixels() -> np.ndarray:
        array = np.frombuffer(mmap.mmap(-1, size), header.dtype).reshape(header.shape)  # shared with the other process
        apart["seconds"] += size / 5e6
        memory = _HEADER_MEMORY + 4 * size
        call_apart(lambda: _in_words(file, lambda: _read_pixels(file, dataset, header, array)), memory=memory, **apart)
        return array

    return replace(header, array=_in_words(file, read_pixels))


def _read_header(file: str, dataset: str | None) -> StoredImage:
    with Hdf5Files() as files:
        array = resolve(files, files.find(file, dataset or ""))
        # Not before: HDF5 opens the sources of some virtual datasets as soon as it is asked for their shape.
        found = files.find(array.file, array.path)
        metadata = _metadata(found.dataset, found.group)
        return StoredImage(array.shape, array.dtype, metadata, None, files.files, tuple(array.origins()))


def _read_pixels(file: str, dataset: str | None, header: StoredImage, out: np.ndarray) -> None:
    with Hdf5Files() as files:
        array = resolve(files, files.find(file, dataset or ""), every_chunk=True)
        if (array.shape, array.dtype, files.files) != (header.shape, header.dtype, header.files):
            remedy = "wait until the measurement is complete and start the same command again"
            raise InputError("the file was changed while it was read", file=file, remedy=remedy)
        array.read(files, out)


def _in_words(file: str, function: Callable[[], Result]) -> Result:
    """Return the result of ``function``; turn whatever it raises into an ``InputError``."""
    try:
        return function()
    except InputError:
        raise
    except MemoryError:
        remedy = f"{SAVE_AGAIN}; split a large measurement into files of fewer frames"
        raise InputError("more is to be read than fits into memory", file=file, remedy=remedy) from None
    except Exception as error:
        # Damaged bytes surface as OSError, RuntimeError, KeyError or ValueError, depending on where they lie.
        problem = f"not a readable HDF5 file, corrupt or truncated ({type(error).__name__}: {error})"
        raise InputError(problem, file=file, remedy=SAVE_AGAIN) from None


def _as_python(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return [_as_python(entry) for entry in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value


def _metadata(found: h5py.Dataset, group: h5py.Group) -> Metadata:
    # Files that hold one image often describe it at the group.
    attributes = {key: value for key, value in _attributes(group).items() if key != "axes"} | _attributes(found)
    sizes, unit = None, None
    if "element_size_um" in attributes:
        sizes, unit = sizes_in_order(attributes["element_size_um"]), "µm"
    if "pixel_size" in attributes and (named := unit_name(attributes.get("pixel_unit"))):
        sizes, unit = sizes_in_order(_from_json(attributes["pixel_size"])), named
    return Metadata(_axes(found, attributes.get("axes")), names(attributes.get("channels")), sizes, unit)


def _attributes(item: h5py.Dataset | h5py.Group) -> dict[str, object]:
    found = {}
    for key in _KEYS:
        if key in item.attrs:
            stored = item.attrs.get_id(key)
            if math.prod(stored.shape or ()) * stored.dtype.itemsize > _LONGEST_ATTRIBUTE:
                raise ValueError(f"the attribute {key!r} announces the shape {stored.shape}")
            found[key] = _as_python(item.attrs[key])
    return found


def _from_json(value: object) -> object:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return None
    return value


def _axes(found: h5py.Dataset, attribute: object) -> str | None:
    if isinstance(attribute, str) and "," in attribute:
        attribute = [part.strip() for part in attribute.split(",")]
    if isinstance(attribute, str) and attribute:
        return attribute.upper()
    labels = attribute if isinstance(attribute, list) else [dimension.label for dimension in found.dims]
    if not labels or not all(labels):
        return None
    letters = [_WORDS.get(str(label).lower(), str(label).upper()) for label in labels]
    return "".join(letters) if all(len(letter) == 1 for letter in letters) else None
