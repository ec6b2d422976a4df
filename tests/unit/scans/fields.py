"""Small fields of view as files of any kind, brought into the standard file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tifffile

from tests.unit.scans.ingested import ingest as ingest_scan

CHANNELS = ["Mg", "Si"]


def frames(seed: int = 0, count: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (count, 2, 12, 13)).astype("uint16")


def save(path: Path, array: np.ndarray, axes: str = "RCYX", **how: Any) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".h5":
        with h5py.File(path, "a") as stored:
            dataset = stored.create_dataset(how.pop("name", "data"), data=array, **how)
            dataset.attrs["axes"] = axes
            return f"{path}:{dataset.name}"
    tifffile.imwrite(path, array, metadata={"axes": axes}, photometric="minisblack", **how)
    return str(path)


def ingest(folder: Path, scan: str, noisy: list[str], reference: Any = "leave-one-out", **more: Any) -> Path:
    """The file of sources that ingesting a scan leaves."""
    sources = folder / f"{scan}.json"
    ingest_scan(noisy, reference, folder / f"{scan}.h5", scan=scan, sources_file=sources, **more)
    return sources


def wrapper(path: Path, dataset: slice | None, array: np.ndarray) -> str:
    """A master file that leads to ``raw.h5`` by a link, or by a virtual dataset of some of its rows."""
    with h5py.File(path, "w") as stored:
        if dataset is None:
            stored["entry/data"] = h5py.ExternalLink("raw.h5", "/data")
            return f"{path}:/entry/data"
        source = h5py.VirtualSource("raw.h5", "data", array.shape, array.dtype)[:, :, dataset]
        layout = h5py.VirtualLayout(source.shape, array.dtype)
        layout[...] = source
        stored.create_virtual_dataset("entry/data", layout).attrs["axes"] = "RCYX"
    return f"{path}:/entry/data"
