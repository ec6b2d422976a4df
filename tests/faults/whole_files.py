"""Image files of every kind that is read, all with the same pixels, and which of their bytes are plain pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import tifffile

SHAPE = (3, 2, 16, 32)  # R, C, Y, X; tiles need multiples of 16


@dataclass(frozen=True)
class Kind:
    """How files of a kind are written into a folder; ``main`` is the one that is read, with its ``dataset``.

    ``checked``: a checksum tells whether the bytes of its pixels are damaged; ``described_with_checksum``: also those
    of everything else.
    """

    name: str
    write: Callable[[Path, np.ndarray], None]
    main: str
    dataset: str | None = None
    checked: bool = False
    described_with_checksum: bool = False

    def source(self, folder: Path) -> str:
        """What is read, as a scan sheet spells it."""
        return f"{folder / self.main}{f':{self.dataset}' if self.dataset else ''}"


def _tiff(folder: Path, array: np.ndarray, **how: object) -> None:
    tifffile.imwrite(folder / "a.tif", array, **{"photometric": "minisblack", "metadata": {"axes": "RCYX"}, **how})


def _imagej(folder: Path, array: np.ndarray) -> None:
    metadata = {"axes": "TCYX", "unit": "um", "Labels": ["Mg", "Si"] * len(array)}
    tifffile.imwrite(folder / "a.tif", array, imagej=True, metadata=metadata, resolution=(4.0, 2.0))


def _ome(folder: Path, array: np.ndarray) -> None:
    metadata = {"axes": "TCYX", "Channel": {"Name": ["Mg", "Si"]}, "PhysicalSizeX": 2.5, "PhysicalSizeY": 2.5}
    tifffile.imwrite(folder / "a.ome.tif", array, ome=True, metadata=metadata, photometric="minisblack")


def _hdf5(path: Path, array: np.ndarray, name: str = "entry/data", libver: str = "earliest", **how: object) -> None:
    with h5py.File(path, "a", libver=libver) as stored:
        dataset = stored.create_dataset(name, data=array, **how)
        dataset.attrs["axes"] = "RCYX"
        dataset.attrs["channels"] = ["Mg", "Si"]
        dataset.attrs["element_size_um"] = [0.5, 0.25]


def _virtual(folder: Path, array: np.ndarray) -> None:
    layout = h5py.VirtualLayout(array.shape, array.dtype)
    for number, frame in enumerate(array):
        _hdf5(folder / f"part{number}.h5", frame)
        layout[number] = h5py.VirtualSource(f"part{number}.h5", "entry/data", frame.shape, array.dtype)
    with h5py.File(folder / "a.h5", "w", libver="latest") as stored:
        stored.create_virtual_dataset("entry/data", layout).attrs["axes"] = "RCYX"


def _link(folder: Path, array: np.ndarray) -> None:
    _hdf5(folder / "raw.h5", array)
    with h5py.File(folder / "a.h5", "w") as stored:
        stored["entry/data"] = h5py.ExternalLink("raw.h5", "/entry/data")


def _chunked(**how: object) -> Callable[[Path, np.ndarray], None]:
    return lambda folder, array: _hdf5(folder / "a.h5", array, chunks=(1, 1, 8, 8), **how)


KINDS = (
    Kind("plain TIFF", _tiff, "a.tif"),
    Kind("big-endian TIFF", lambda folder, array: _tiff(folder, array, byteorder=">"), "a.tif"),
    Kind("TIFF of separate pages", lambda folder, array: _tiff(folder, array, contiguous=False), "a.tif"),
    Kind("BigTIFF", lambda folder, array: _tiff(folder, array, bigtiff=True), "a.tif"),
    Kind("tiled TIFF", lambda folder, array: _tiff(folder, array, tile=(16, 16)), "a.tif"),
    Kind("deflate TIFF", lambda folder, array: _tiff(folder, array, compression="zlib"), "a.tif", checked=True),
    Kind("ImageJ TIFF", _imagej, "a.tif"),
    Kind("OME-TIFF", _ome, "a.ome.tif"),
    Kind("contiguous HDF5", lambda folder, array: _hdf5(folder / "a.h5", array), "a.h5", "/entry/data"),
    Kind("chunked HDF5", _chunked(), "a.h5", "/entry/data"),
    Kind("gzip HDF5", _chunked(compression="gzip", shuffle=True), "a.h5", "/entry/data", checked=True),
    Kind("checksummed HDF5", _chunked(fletcher32=True, libver="latest"), "a.h5", "/entry/data", True, True),
    Kind("virtual HDF5", _virtual, "a.h5", "/entry/data"),
    Kind("linked HDF5", _link, "a.h5", "/entry/data"),
)


def pixels() -> np.ndarray:
    """(R, C, Y, X) uint16 with all values different, so that no part of them can stand for another."""
    values = np.arange(np.prod(SHAPE), dtype=np.uint16) * 7 + 1
    return np.random.default_rng(5).permutation(values).reshape(SHAPE)
