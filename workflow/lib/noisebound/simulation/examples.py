"""Images of one example: noisy, true, denoised by each family of ensembles, and filtered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.storage import atomic_path

# Share of the images that have less structure than the chosen example.
RANK = 0.75


def choose_example(truth: NDArray[np.float32]) -> int:
    """Choose an image with more structure than most, but not the most unusual one.

    Parameters
    ----------
    truth
        (n, Y, X) float32, without noise.

    Returns
    -------
    int
        Number of the image: about three quarters of all images vary less, by their standard deviation.
    """
    return int(np.argsort(truth.std(axis=(1, 2)), kind="stable")[int(RANK * len(truth))])


def write_examples(path: str | Path, images: Mapping[str, NDArray[np.floating]]) -> None:
    """Write images as float32 datasets of an HDF5 file, atomically; the same images give the same bytes.

    Parameters
    ----------
    path
        File to write.
    images
        (Y, X) each, by name; a slash in a name makes groups.
    """
    with atomic_path(path) as temporary, h5py.File(temporary, "w", libver="earliest") as stored:
        for name, values in images.items():
            stored.create_dataset(name, data=np.asarray(values, dtype=np.float32), track_times=False)
