"""The step simulate_scan: a file as an instrument might write it, with the truth beside the reference."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.storage import atomic_path
from ..geometry.montage import Montage
from .images import GROWTH_ABOVE, GROWTH_BELOW, NOISE, OFFSET, simulate_images, two_piece_quantile

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")
DATASETS = ("noisy", "reference", "truth")


def simulate_scan(output: str | Path, montage: Montage, *, seed: int, reference_noise: float) -> None:
    """Write one scan of independent images as HDF5: ``noisy``, ``reference`` and ``truth``, float32 (Y, X).

    The same arguments give the same bytes.

    Parameters
    ----------
    output
        File to write.
    montage
        Number and size of the images, and where they lie in the scan.
    seed
        Seed of the images.
    reference_noise
        Standard deviation of the normal noise that the reference adds to the truth, in the unit of the truth. It has a
        random stream of its own, so that truth and noisy images do not depend on it.
    """
    images = simulate_images(montage.count, np.random.default_rng(seed), montage.size)
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    reference = images.truth + random.normal(0, reference_noise, images.truth.shape).astype(np.float32)
    with atomic_path(output) as temporary, h5py.File(temporary, "w", libver="earliest") as stored:
        for name, part in zip(DATASETS, (images.noisy, reference, images.truth), strict=True):
            settings: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "track_times": False}
            dataset = stored.create_dataset(name, data=montage.assemble(part), **settings)
            dataset.attrs["axes"] = "YX"
    logger.info("%d images of %d px, seed %d, in a plane of %s px", montage.count, montage.size, seed, montage.shape)


def noise_width(truth: Floats, nominal: float) -> NDArray[np.float64]:
    """Compute the width of the central interval that holds a share of the noise, for every pixel.

    Parameters
    ----------
    truth
        float32 of any shape, made by :func:`noisebound.simulation.images.simulate_images`.
    nominal
        The share, between 0 and 1.

    Returns
    -------
    NDArray
        float64 of the same shape, in the unit of the truth.
    """
    signal = truth.astype(np.float64) + OFFSET
    below, above = NOISE * (1 + GROWTH_BELOW * signal), NOISE * (1 + GROWTH_ABOVE * signal)
    tail = (1 - nominal) / 2
    return two_piece_quantile(1 - tail, below, above) - two_piece_quantile(tail, below, above)
