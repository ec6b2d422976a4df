"""Images that are written region by region; the file is complete only when every pixel was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.storage import atomic_path
from ..geometry.boxes import Region

# Tiles seldom end where chunks end: the cache keeps half-filled chunks from being compressed more than once.
_CACHE_BYTES = 64 << 20


class UnfinishedImages:
    """Images of an HDF5 file that is being written, with a count of the pixels that are still missing.

    Parameters
    ----------
    file
        The file, open for writing.
    target
        The name that it will have, for messages.
    spatial
        Pixels per spatial axis ([z], y, x).
    """

    def __init__(self, file: h5py.File, target: str | Path, spatial: tuple[int, ...]) -> None:
        self._file, self._target, self._spatial = file, target, spatial
        self._missing: dict[tuple[str, tuple[int, ...]], int] = {}

    def create(self, name: str, leading: tuple[int, ...], chunk: tuple[int, ...], dtype: type) -> None:
        """Create an image of shape (*leading, *spatial).

        Parameters
        ----------
        name
            Its path in the file.
        leading
            Lengths of the axes before the spatial ones; the last of them is the channel.
        chunk
            Largest lengths of a chunk, one per axis.
        dtype
            Type of its values.
        """
        chunks = chunk[: len(leading)] + tuple(
            min(a, b) for a, b in zip(chunk[len(leading) :], self._spatial, strict=True)
        )
        self._file.create_dataset(
            name,
            shape=(*leading, *self._spatial),
            dtype=dtype,
            chunks=chunks,
            compression="gzip",
            compression_opts=1,
            shuffle=True,
            track_times=False,
        )
        for index in np.ndindex(*leading[:-1]):
            self._missing[(name, index)] = int(np.prod(self._spatial))

    def put(
        self, name: str, leading: tuple[int, ...], region: Region, values: NDArray[Any], finite: bool = True
    ) -> None:
        """Write a region of an image.

        Parameters
        ----------
        name
            Path of the image in the file.
        leading
            Index along the axes before the channel; empty if there are none.
        region
            One slice per spatial axis.
        values
            (C, *region).
        finite
            Whether the values have to be finite.

        Raises
        ------
        InputError
            If values have to be finite and are not.
        ValueError
            If ``values`` have another shape than the region.
        """
        dataset = self._file[name]
        bounds = tuple(part.indices(size)[:2] for part, size in zip(region, self._spatial, strict=True))
        expected = (dataset.shape[len(leading)], *(stop - start for start, stop in bounds))
        if values.shape != expected:
            raise ValueError(f"{name}: values have shape {values.shape}, the region needs {expected}")
        if finite and not np.isfinite(values).all():
            raise InputError(
                f"{name} is not finite in {bounds}",
                file=self._target,
                remedy="look for a diverged member in members/*.history.csv, or for extreme pixels in the noisy frames",
            )
        dataset[(*leading, slice(None), *(slice(*b) for b in bounds))] = values
        self._missing[(name, leading)] -= int(np.prod(expected[1:]))

    def set_attribute(self, name: str, value: str) -> None:
        """Store an attribute of the file.

        Parameters
        ----------
        name
            Its name.
        value
            Its text.
        """
        self._file.attrs[name] = value

    def check_complete(self) -> None:
        """Check that every image is complete.

        Raises
        ------
        RuntimeError
            If fewer pixels were written than an image has.
        """
        for (name, index), missing in self._missing.items():
            if missing > 0:
                raise RuntimeError(f"{self._target}: {name}{list(index)} lacks {missing} pixels")


@contextmanager
def building(
    path: str | Path, attributes: Mapping[str, Any], shape: tuple[int, ...]
) -> Iterator[tuple[h5py.File, UnfinishedImages]]:
    """Create a file under a temporary name, with no images yet; rename it when every pixel was written.

    Parameters
    ----------
    path
        The file to write.
    attributes
        Its attributes.
    shape
        Pixels per spatial axis.

    Yields
    ------
    tuple
        The open file, and its images.

    Raises
    ------
    RuntimeError
        If pixels were not written.
    """
    with atomic_path(path) as temporary:
        with h5py.File(temporary, "w", rdcc_nbytes=_CACHE_BYTES) as file:
            file.attrs.update(attributes)
            images = UnfinishedImages(file, path, shape)
            yield file, images
            images.check_complete()
