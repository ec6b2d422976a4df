"""Images that are written region by region, and delivered only when every pixel was written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..geometry.boxes import Region


class UnfinishedImages:
    """Images of an HDF5 file that is being written; their pixels are counted, so that none is delivered with holes.

    Parameters
    ----------
    file
        The file, open for writing.
    target
        The name that it will have, for messages.
    spatial
        Pixels per spatial axis, [z], y, x.
    """

    def __init__(self, file: h5py.File, target: str | Path, spatial: tuple[int, ...]) -> None:
        self._file, self._target, self._spatial = file, target, spatial
        self._missing: dict[tuple[str, tuple[int, ...]], int] = {}

    def create(self, name: str, leading: tuple[int, ...], chunk: tuple[int, ...], dtype: type) -> None:
        """Begin an image of shape (*leading, *spatial), stored in pieces of at most ``chunk``."""
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
        """Write ``values`` (C, *region) of entry ``leading``. Raises ``InputError`` unless finite where they should."""
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
        """Say something more of the file."""
        self._file.attrs[name] = value

    def check_complete(self) -> None:
        """Raise ``RuntimeError`` where a pixel of an image was not written."""
        for (name, index), missing in self._missing.items():
            if missing > 0:
                raise RuntimeError(f"{self._target}: {name}{list(index)} lacks {missing} pixels")
