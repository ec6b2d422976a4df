"""Means and standard deviations of the training pixels, for the normalisation of a member."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.variance import stabilise
from ..files.scan import Scan
from ..networks.normalisation import Normalisation
from ..regions.regions import Regions
from .settings import DataSettings


def measure_normalisation(
    scans: Sequence[str | Path], regions: Sequence[str | Path], data: DataSettings
) -> Normalisation:
    """Measure mean and standard deviation of transformed noisy frames and targets per channel, over train pixels only.

    Parameters
    ----------
    scans, regions
        Matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``; all frames of all scans count alike.
    data
        Transforms of input and target, and whether intensities are counts.

    Returns
    -------
    Normalisation
        Transforms and statistics.

    Raises
    ------
    InputError
        Where no scan holds training pixels, one that holds some has no reference, or a channel is constant there.
    """
    moments: dict[str, list[NDArray[np.float64]]] = {"input": [], "target": []}
    pixels = 0
    for scan_file, region_file in zip(scans, regions, strict=True):
        boxes = Regions.read(region_file).of("train")
        with Scan(scan_file) as scan:
            channels = scan.channels
            for box in boxes:
                for frame in range(scan.n_frames):
                    pixels += box.size
                    images = scan.read_frame(frame, box.slices), scan.read_target(frame, box.slices)
                    for part, image, transform in zip(moments, images, data.transforms, strict=True):
                        values = stabilise(image, transform).reshape(len(channels), -1).astype(np.float64)
                        moments[part].append(np.stack([values.sum(1), np.square(values).sum(1)]))
    if not pixels:
        raise InputError(
            "no scan holds a training pixel", key="role", remedy="give a scan role 'train' or a T in regions.layout"
        )
    statistics = {}
    for part, sums in moments.items():
        first, second = np.sum(sums, axis=0) / pixels
        spread = np.sqrt(np.maximum(second - first**2, 0))
        _check_varies(part, channels, first, spread)
        statistics[f"{part}_mean"] = first.astype(np.float32)
        statistics[f"{part}_spread"] = spread.astype(np.float32)
    return Normalisation(*data.transforms, counts=data.counts, **statistics)


def _check_varies(part: str, channels: Sequence[str], means: NDArray[np.float64], spreads: NDArray[np.float64]) -> None:
    """Raise ``InputError`` where a channel of the input or the target (``part``) is constant."""
    for name, mean, spread in zip(channels, means, spreads, strict=True):
        if spread <= 1e-6 * max(abs(mean), 1e-6):
            raise InputError(
                f"the {part} of this channel is constant over the training region",
                key="channel",
                value=name,
                remedy="leave the channel out, or train on a region where it varies",
            )
