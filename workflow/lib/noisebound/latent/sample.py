"""The sample of latents that the basis is fitted on, as an npz file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import read_arrays, write_arrays
from ..core.errors import InputError


@dataclass(frozen=True, eq=False)
class LatentSample:
    """Raw latents of all members at sampled pixels of the train regions, for the basis and the test of its stability.

    Parameters
    ----------
    latents
        (N, D) float32.
    null
        (N, D) float32, latents of noise alone at the same pixels: of a train patch with its pixels shuffled.
    medians
        (N, C) float32, the median of the ensemble at the same pixels, in physical units.
    member_sizes
        (M,) int64, number of latent channels of each member; their sum is D.
    coordinates
        (N, ndim) int64, the pixels ([z], y, x).
    scan
        (N,) int64, index into ``scans``.
    scans
        Names of the scans.

    Raises
    ------
    ValueError
        If the lengths of the arrays do not fit together.
    """

    latents: NDArray[np.float32]
    null: NDArray[np.float32]
    medians: NDArray[np.float32]
    member_sizes: NDArray[np.int64]
    coordinates: NDArray[np.int64]
    scan: NDArray[np.int64]
    scans: tuple[str, ...]

    def __post_init__(self) -> None:
        rows = {len(self.latents), len(self.null), len(self.medians), len(self.coordinates), len(self.scan)}
        width = int(np.sum(self.member_sizes))
        if len(rows) != 1 or self.latents.shape[1:] != (width,) or self.null.shape[1:] != (width,):
            raise ValueError("the arrays of a latent sample do not fit together")


def save_sample(path: str | Path, sample: LatentSample) -> None:
    """Write a latent sample as npz, atomically; the same sample gives the same bytes.

    Parameters
    ----------
    path
        The file to write.
    sample
        The sample. Its arrays are converted to the dtypes of :class:`LatentSample`.
    """
    arrays = {field.name: np.asarray(getattr(sample, field.name)) for field in fields(sample)}
    for name in ("latents", "null", "medians"):
        arrays[name] = arrays[name].astype(np.float32)
    for name in ("member_sizes", "coordinates", "scan"):
        arrays[name] = arrays[name].astype(np.int64)
    arrays["scans"] = np.asarray(sample.scans, dtype=np.str_)
    write_arrays(path, arrays)


def load_sample(path: str | Path) -> LatentSample:
    """Read a latent sample that :func:`save_sample` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    LatentSample
        The sample.

    Raises
    ------
    InputError
        If the file is missing or damaged, or its arrays do not fit together.
    """
    arrays = read_arrays(path, [field.name for field in fields(LatentSample)])
    names = tuple(str(name) for name in arrays.pop("scans"))
    try:
        return LatentSample(**arrays, scans=names)
    except ValueError as error:
        raise InputError(str(error), file=path, remedy="delete it and run the step again") from None
