"""The images of ingested simulated scans with their truth, and what ensembles predict of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..ensemble.members import Ensemble, exact_tiles
from ..files.scan import Scan
from ..geometry.montage import Montage

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ScanFiles:
    """Ingested simulated scans of one role, and where their images lie in them; both in the same order.

    Parameters
    ----------
    scans
        Standard files.
    montages
        Number, size and places of the images of each scan.
    """

    scans: Sequence[str | Path]
    montages: Sequence[Montage]


@dataclass(frozen=True, eq=False)
class KnownImages:
    """The n images of some simulated scans.

    Parameters
    ----------
    noisy, reference, truth
        (n, size, size) float32, in the unit of the reference.
    """

    noisy: Floats
    reference: Floats
    truth: Floats

    @classmethod
    def read(cls, files: ScanFiles) -> Self:
        """Read all images of some scans, one scan after another.

        Parameters
        ----------
        files
            The scans.

        Returns
        -------
        KnownImages
            Of each scan the first noisy frame, what it is compared with, and the truth.

        Raises
        ------
        InputError
            Where a file is unusable or a scan has no truth.
        """
        parts: dict[str, list[Floats]] = {"noisy": [], "reference": [], "truth": []}
        for path, montage in zip(files.scans, files.montages, strict=True):
            with Scan(path) as source:
                truth = source.read_truth()
                if truth is None:
                    remedy = "name the simulated file's dataset /truth in the column truth of the scan sheet"
                    raise InputError("the scan has no truth", file=path, key="truth", remedy=remedy)
                planes = source.read_frame(0)[0], source.read_target(0)[0], truth[0]
            for images, plane in zip(parts.values(), planes, strict=True):
                images.append(montage.cut(plane))
        return cls(**{name: np.concatenate(images) for name, images in parts.items()})


def predict_scans(ensemble: Ensemble, files: ScanFiles) -> Floats:
    """Predict all images of some simulated scans with every member.

    Parameters
    ----------
    ensemble
        The M members.
    files
        The scans, all with images of one size.

    Returns
    -------
    NDArray
        (M, 3, n, size, size) float32: lower, median and upper, in the unit of the reference.

    Raises
    ------
    InputError
        Where a file is unusable or does not fit the members.
    """
    parts = [predict_images(ensemble, path, place) for path, place in zip(files.scans, files.montages, strict=True)]
    return np.concatenate(parts, axis=2)


def predict_images(ensemble: Ensemble, scan: str | Path, montage: Montage) -> Floats:
    """Predict all images of one simulated scan with every member, tile by tile as the step ensemble_scan does.

    Parameters
    ----------
    ensemble
        The M members.
    scan
        Standard file.
    montage
        Number, size and places of the images.

    Returns
    -------
    NDArray
        (M, 3, count, size, size) float32: lower, median and upper, in the unit of the reference.

    Raises
    ------
    InputError
        Where the file is unusable or does not fit the members.
    """
    found = np.empty((len(ensemble), 3, *montage.shape), dtype=np.float32)
    memory = ensemble.hardware.memory
    with Scan(scan) as source:
        ensemble.check(source, scan)
        whole = tuple(slice(0, extent) for extent in source.shape)
        for tile in exact_tiles(ensemble, source.shape, whole, memory):
            image = tile.complete(source.read_frame(0, tile.read))
            for m in range(len(ensemble)):
                for kind, values in enumerate(ensemble.member(m, image)[1]):
                    found[m, kind][tile.keep] = values[0][tile.inner]
    return montage.cut(found)
