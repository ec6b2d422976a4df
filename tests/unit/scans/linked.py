"""HDF5 files that lead to others, read here and by HDF5 itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pytest

from noisebound.core.errors import InputError
from noisebound.scans.hdf5_files import Hdf5Files
from noisebound.scans.hdf5_virtual import resolve
from noisebound.scans.readers import Image, read_header, read_image


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 60000, shape).astype("uint16")


def write(path: Path, array: np.ndarray, name: str = "data", **how: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as stored:
        stored.create_dataset(name, data=array, **how)
    return path


def link(path: Path, name: str, target: h5py.ExternalLink | h5py.SoftLink) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as stored:
        stored[name] = target
    return path


def virtual(path: Path, sources: Sequence[tuple[str, str]], shape: tuple[int, ...], name: str = "data") -> Path:
    """A virtual dataset that stacks whole sources of ``shape``."""
    layout = h5py.VirtualLayout((len(sources), *shape), "uint16")
    for number, (file, dataset) in enumerate(sources):
        layout[number] = h5py.VirtualSource(file, dataset, shape, "uint16")
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as stored:
        stored.create_virtual_dataset(name, layout)
    return path


def read(path: Path | str, dataset: str = "data", axes: str = "YX") -> Image:
    return read_image(f"{path}:/{dataset}", axes=axes)


def refused(path: Path | str, *words: str, dataset: str = "data", axes: str = "YX") -> None:
    for door in (read_image, read_header):
        with pytest.raises(InputError) as raised:
            door(f"{path}:/{dataset}", axes=axes)
        for word in ("Remedy: ", *words):
            assert word in str(raised.value), str(raised.value)


def read_here(path: Path | str, dataset: str = "data") -> np.ndarray | None:
    """The pixels as the readers find them, without a process of their own; ``None`` where they are refused."""
    try:
        with Hdf5Files() as files:
            array = resolve(files, files.find(str(path), dataset), every_chunk=True)
            out = np.empty(array.shape, array.dtype)
            array.read(files, out)
            return out
    except InputError:
        return None


def by_hdf5(path: Path | str, dataset: str = "data") -> np.ndarray | None:
    """What HDF5 itself reads; ``None`` where it finds no dataset."""
    with h5py.File(path) as stored:
        try:
            return np.asarray(stored[dataset][()])
        except (KeyError, OSError, TypeError, AttributeError, RuntimeError):
            return None
