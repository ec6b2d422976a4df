"""HDF5 datasets put together from their parts: plain datasets, and virtual ones whose parts lie in other datasets.

HDF5 itself silently fills the place of a missing part with zeros. Here every part is found before any pixel is read,
and every pixel comes from a file that is known.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..core.errors import SAVE_AGAIN, InputError
from .hdf5_files import Found, Hdf5Files, locate, search
from .hdf5_selections import Selection, endless_axis, select, trimmed
from .hdf5_storage import check_stored
from .stored_image import Origin, check_memory

_MOST_NESTED = 8


@dataclass(frozen=True)
class Array:
    """A dataset whose pixels are all there: its own, or parts of other arrays.

    Parameters
    ----------
    file, path
        The file, and the path of the dataset in it.
    address
        Address of the dataset in the file, which distinguishes the arrays of one file.
    shape, dtype
        Shape and type of the pixels.
    parts
        The parts of a virtual dataset; None for a dataset with pixels of its own.
    """

    file: str
    path: str
    address: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    parts: tuple[Part, ...] | None = None

    def origins(self, part: Selection | None = None) -> Iterator[Origin]:
        """Yield the boxes of stored arrays that pixels come from.

        Parameters
        ----------
        part
            The pixels in question; None for all. It counts only for a dataset with pixels of its own; of a virtual
            dataset all parts are taken.

        Yields
        ------
        Origin
            A box of a stored array.
        """
        if self.parts is None:
            lower = part.lower if part else (0,) * len(self.shape)
            yield Origin(self.file, self.address, lower, part.upper if part else self.shape)
        for piece in self.parts or ():
            yield from piece.source.origins(piece.taken if piece.source.parts is None else None)

    def read(self, files: Hdf5Files, out: np.ndarray) -> None:
        """Read all pixels.

        Parameters
        ----------
        files
            Opens the files.
        out
            An array of this shape, which is filled. Pixels are converted to its type.

        Raises
        ------
        InputError
            If there are pixels that no part covers.
        """
        if self.parts is None:
            files.find(self.file, self.path).dataset.read_direct(out)
            return
        covered = np.zeros(self.shape, bool)
        nested: tuple[Array, np.ndarray] | None = None
        for piece in self.parts:
            if piece.source.parts is None:
                dataset = files.find(piece.source.file, piece.source.path).dataset
                found = np.asarray(dataset.astype(out.dtype)[piece.taken.slices])
            else:
                if nested is None or nested[0] is not piece.source:
                    nested = (piece.source, np.empty(piece.source.shape, out.dtype))
                    piece.source.read(files, nested[1])
                found = nested[1][piece.taken.slices]
            piece.placed.put(out, piece.taken.pick(found))
            piece.placed.put(covered, True)
        if not covered.all():
            raise _gaps(self, covered.size - int(np.count_nonzero(covered)))


@dataclass(frozen=True)
class Part:
    """Pixels of a source that appear in a virtual dataset.

    Parameters
    ----------
    source
        The array that they come from.
    taken
        Which pixels of the source they are.
    placed
        Where they lie in the virtual dataset.
    """

    source: Array
    taken: Selection
    placed: Selection


@dataclass(frozen=True)
class _Mapping:
    """HDF5's description of a part: file and path of its source, which of its pixels are taken, and where they lie."""

    file: str
    path: str
    source: h5py.h5s.SpaceID
    virtual: h5py.h5s.SpaceID


def resolve(files: Hdf5Files, found: Found, *, every_chunk: bool = False, above: tuple[str, ...] = ()) -> Array:
    """Find all stored arrays that a dataset is made of, through links and nested virtual datasets; no pixels are read.

    Parameters
    ----------
    files
        The files that are open. Those that the dataset refers to are opened.
    found
        The dataset.
    every_chunk
        Whether to look up each chunk, as is needed before pixels are read, instead of only counting chunks.
    above
        The virtual datasets that this one is a part of.

    Returns
    -------
    Array
        The dataset with its parts.

    Raises
    ------
    InputError
        If a part is missing, not completely stored or stored outside HDF5, if no part covers a pixel, or if a dataset
        contains itself.
    """
    dataset, here = found.dataset, found.file
    address = str(h5py.h5o.get_info(dataset.id).addr)
    properties = dataset.id.get_create_plist()
    if properties.get_layout() != h5py.h5d.VIRTUAL:
        check_stored(dataset, properties, here, files.stamp(here).size, every_chunk=every_chunk)
        return Array(here, found.path, address, tuple(dataset.shape), dataset.dtype)
    mark = f"{os.path.realpath(here)}:{address}"
    if mark in above or len(above) > _MOST_NESTED:
        problem = f"the virtual dataset {found.path!r} contains itself, or others nested more than {_MOST_NESTED} deep"
        raise InputError(problem, file=here, remedy="name a dataset that holds the pixels")
    name, dtype = found.path, dataset.dtype
    sources = _Sources(files, here, every_chunk, (*above, mark))
    mappings = _mappings(properties)
    sources.open_endless(mappings)
    shape = tuple(int(length) for length in files.find(here, name).dataset.shape)
    check_memory(math.prod(shape) * dtype.itemsize, here)
    parts: list[Part] = []
    for mapping in mappings:
        try:
            parts.extend(_parts(mapping, shape, sources))
        except ValueError as error:
            problem = f"a part of the virtual dataset {name!r} does not fit its source {mapping.file!r} ({error})"
            raise InputError(problem, file=here, remedy=SAVE_AGAIN) from None
    array = Array(here, name, address, shape, dtype, tuple(parts))
    missing = math.prod(shape) - sum(part.placed.count for part in parts)
    if missing > 0:
        raise _gaps(array, missing)
    return array


class _Sources:
    """The sources of the virtual dataset in the file ``here``; each is resolved only once."""

    def __init__(self, files: Hdf5Files, here: str, every_chunk: bool, above: tuple[str, ...]) -> None:
        self._files, self._here, self._every_chunk, self._above = files, here, every_chunk, above
        self._found: dict[tuple[str, str], Array] = {}

    def get(self, mapping: _Mapping, number: int = 0) -> Array:
        """Return the source of a mapping; ``number`` is that of the block, if each block has a source of its own."""
        key = _numbered(mapping.file, number), _numbered(mapping.path, number)
        if key not in self._found:
            target = self._here if key[0] == "." else search(key[0], self._here, _virtual_prefixes(self._here))
            below = self._files.find(target, key[1])
            self._found[key] = resolve(self._files, below, every_chunk=self._every_chunk, above=self._above)
        return self._found[key]

    def open_endless(self, mappings: list[_Mapping]) -> None:
        """Find the sources of mappings without end, which HDF5 itself opens as soon as it is asked for the shape."""
        prefixes = _virtual_prefixes(self._here)
        for mapping in mappings:
            if endless_axis(mapping.virtual) is not None:
                self.get(mapping)
                number = 1
                while "%b" in mapping.file and locate(_numbered(mapping.file, number), self._here, prefixes):
                    number += 1


def _mappings(properties: h5py.h5p.PropDCID) -> list[_Mapping]:
    return [
        _Mapping(
            properties.get_virtual_filename(number),
            properties.get_virtual_dsetname(number),
            properties.get_virtual_srcspace(number),
            properties.get_virtual_vspace(number),
        )
        for number in range(properties.get_virtual_count())
    ]


def _parts(mapping: _Mapping, shape: tuple[int, ...], sources: _Sources) -> Iterator[Part]:
    """Yield the parts of a virtual dataset of ``shape`` that a mapping describes: one, or one per block."""
    axis = endless_axis(mapping.virtual)
    if axis is not None and _is_numbered(mapping):
        start, stride, _, _ = (int(values[axis]) for values in mapping.virtual.get_regular_hyperslab())
        for number in range(max(0, -(-(shape[axis] - start) // stride))):
            found = sources.get(mapping, number)
            yield _part(found, select(mapping.source, found.shape), select(mapping.virtual, shape, number=number))
        return
    found = sources.get(mapping)
    taken, placed = select(mapping.source, found.shape), select(mapping.virtual, shape)
    source_axis = endless_axis(mapping.source)
    if axis is not None and source_axis is not None and taken.axes is not None and placed.axes is not None:
        length = min(len(taken.axes[source_axis]), len(placed.axes[axis]))
        taken = trimmed(taken, found.shape, source_axis, length)
        placed = trimmed(placed, shape, axis, length)
    yield _part(found, taken, placed)


def _part(found: Array, taken: Selection, placed: Selection) -> Part:
    if taken.count != placed.count:
        raise ValueError(f"{taken.count} pixels are to fill {placed.count} places")
    return Part(found, taken, placed)


def _is_numbered(mapping: _Mapping) -> bool:
    return any("%b" in name.replace("%%", "") for name in (mapping.file, mapping.path))


def _numbered(name: str, number: int) -> str:
    """Return the name of a source with ``%b`` replaced by the number of the block, and ``%%`` by ``%``."""
    return re.sub(r"%([%b])", lambda match: "%" if match[1] == "%" else str(number), name)


def _virtual_prefixes(opened: str) -> str | None:
    prefixes = os.environ.get("HDF5_VDS_PREFIX")
    return prefixes and prefixes.replace("${ORIGIN}", str(Path(opened).absolute().parent))


def _gaps(array: Array, missing: int) -> InputError:
    return InputError(
        f"the virtual dataset {array.path!r} has {missing} pixels that none of its sources holds",
        file=array.file,
        remedy="put the missing files beside the master file, or save the measured part as a dataset of its own",
    )
