"""HDF5 datasets as images: shape, axes, channel names and pixel size from attributes, with checks of what is stored."""

from __future__ import annotations

import json
from typing import Any

import h5py
import numpy as np

from .errors import InputError
from .metadata import Metadata, names, sizes_in_order, unit_name

_SAVE_AGAIN = "copy or export the file again from where it was measured and check that the copy is complete"
_WORDS = {"repeat": "R", "frame": "R", "time": "R", "channel": "C"}


def read_hdf5(
    file: str, dataset: str | None, *, pixels: bool
) -> tuple[tuple[int, ...], np.dtype[Any], Metadata, np.ndarray | None]:
    """Shape, dtype, metadata and (with ``pixels``) the array of one dataset.

    Axes come from the attribute ``axes`` (text or list) or from dimension labels; channel names from ``channels``;
    pixel size from ``pixel_size`` with ``pixel_unit``, or ``element_size_um``, in the order [z,] y, x. Raises
    ``InputError`` for a file that is no HDF5, is truncated or corrupt, for a path that names no dataset (the
    datasets there are listed), and for a dataset that was created but never written.
    """
    try:
        with h5py.File(file, "r", locking="best-effort") as stored:
            found = _dataset(stored, file, dataset)
            if found.size and found.id.get_storage_size() == 0:
                problem = f"the dataset {found.name!r} was created but never written"
                raise InputError(problem, file=file, remedy=_SAVE_AGAIN)
            array = found[()] if pixels and found.dtype.kind in "uif" else None
            return tuple(found.shape), found.dtype, _metadata(found), array
    except InputError:
        raise
    except MemoryError:
        remedy = "split it into files of fewer frames"
        raise InputError("its pixels do not fit into memory", file=file, remedy=remedy) from None
    except Exception as error:
        # Damaged bytes surface as OSError, RuntimeError, KeyError or ValueError, depending on where they lie.
        problem = f"not a readable HDF5 file, corrupt or truncated ({type(error).__name__}: {error})"
        raise InputError(problem, file=file, remedy=_SAVE_AGAIN) from None


def _dataset(stored: h5py.File, file: str, dataset: str | None) -> h5py.Dataset:
    found = stored.get(dataset) if dataset and dataset.strip("/") else None
    if isinstance(found, h5py.Dataset) and found.shape is not None:
        return found
    inside: list[str] = []
    stored.visititems(lambda name, item: inside.append(f"/{name}") if isinstance(item, h5py.Dataset) else None)
    listed = ", ".join(sorted(inside)[:8]) or "none"
    problem = f"no dataset {dataset!r} in the file" if dataset else "an HDF5 file without the path of a dataset"
    example = sorted(inside)[0] if inside else "/data"
    raise InputError(problem, file=file, remedy=f"write {file}:{example}; datasets in the file: {listed}")


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, np.ndarray):
        return [_plain(entry) for entry in value.tolist()]
    return value.item() if isinstance(value, np.generic) else value


def _metadata(found: h5py.Dataset) -> Metadata:
    attributes = {key: _plain(found.attrs[key]) for key in found.attrs if key in _KEYS}
    for key, value in found.parent.attrs.items():
        # Files that hold one image often describe it at the group.
        if key in _KEYS and key != "axes":
            attributes.setdefault(key, _plain(value))
    sizes, unit = None, None
    if "element_size_um" in attributes:
        sizes, unit = sizes_in_order(attributes["element_size_um"]), "µm"
    if "pixel_size" in attributes and (named := unit_name(attributes.get("pixel_unit"))):
        sizes, unit = sizes_in_order(_from_json(attributes["pixel_size"])), named
    return Metadata(_axes(found, attributes.get("axes")), names(attributes.get("channels")), sizes, unit)


_KEYS = ("axes", "channels", "pixel_size", "pixel_unit", "element_size_um")


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
