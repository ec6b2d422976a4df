"""What two independent frames of the same place look like to the members, as an npz file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.arrays import read_arrays, write_arrays
from ..core.errors import InputError

# Where two independent frames of one place come from: two repeats, or the counts of one frame divided at random.
REPEATS, THINNED, NO_PAIR = "repeats", "thinned", "none"
# Pixels that no network was trained on, or the train regions where there are no others.
HELD_OUT, TRAINED = "held-out", "train"


@dataclass(frozen=True, eq=False)
class FramePairs:
    """Scores and medians of two independent frames at the same F pixels, as the ensemble delivers them.

    Parameters
    ----------
    source
        ``repeats``, ``thinned`` or ``none``; with ``none``, F is 0.
    place
        ``held-out`` or ``train``.
    scores
        (2, F, K) float16, scores in the latent basis.
    medians
        (2, F, C) float32, medians of the ensemble in the unit of the reference.
    null
        (2, F, any number) float16, scores of two independent images of noise alone at the same pixels, in the basis of
        ``null_fit``; no columns where noise has no basis.
    null_fit
        (N, as many) float16, scores of the noise of the latent sample in a basis of its own: what clusters of noise are
        fitted on.
    coordinates
        (F, ndim) int64, the pixels ([z], y, x).
    scan
        (F,) int64, index into ``scans``.
    scans
        Names of the scans.

    Raises
    ------
    ValueError
        If the arrays do not fit together.
    """

    source: str
    place: str
    scores: NDArray[np.float16]
    medians: NDArray[np.float32]
    null: NDArray[np.float16]
    null_fit: NDArray[np.float16]
    coordinates: NDArray[np.int64]
    scan: NDArray[np.int64]
    scans: tuple[str, ...]

    def __post_init__(self) -> None:
        pairs = {array.shape[:2] for array in (self.scores, self.medians, self.null)}
        whole = pairs == {(2, len(self.coordinates))} and len(self.scan) == len(self.coordinates)
        if not whole or self.null.ndim != 3 or self.null_fit.shape[1:] != self.null.shape[2:]:
            raise ValueError("the arrays of the pairs of frames do not fit together")


def no_pairs(components: int, channels: int, dimensions: int) -> FramePairs:
    """Make the pairs of a run where no second frame of any place can be had.

    Parameters
    ----------
    components, channels, dimensions
        Numbers of scores, channels and spatial axes.

    Returns
    -------
    FramePairs
        No pixel.
    """
    return FramePairs(
        NO_PAIR,
        HELD_OUT,
        np.zeros((2, 0, components), np.float16),
        np.zeros((2, 0, channels), np.float32),
        np.zeros((2, 0, 0), np.float16),
        np.zeros((0, 0), np.float16),
        np.zeros((0, dimensions), np.int64),
        np.zeros(0, np.int64),
        (),
    )


def save_pairs(path: str | Path, pairs: FramePairs) -> None:
    """Write pairs of frames as npz, atomically; the same pairs give the same bytes.

    Parameters
    ----------
    path
        The file to write.
    pairs
        The pairs.
    """
    arrays = {field.name: np.asarray(getattr(pairs, field.name)) for field in fields(pairs)}
    arrays["scans"] = np.asarray(pairs.scans, dtype=np.str_)
    write_arrays(path, arrays)


def load_pairs(path: str | Path) -> FramePairs:
    """Read pairs of frames that :func:`save_pairs` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    FramePairs
        The pairs.

    Raises
    ------
    InputError
        If the file is missing or damaged, or its arrays do not fit together.
    """
    arrays = read_arrays(path, [field.name for field in fields(FramePairs)])
    names = tuple(str(name) for name in arrays.pop("scans"))
    source, place = (str(arrays.pop(key)) for key in ("source", "place"))
    try:
        return FramePairs(source=source, place=place, **arrays, scans=names)
    except ValueError as error:
        raise InputError(str(error), file=path, remedy="delete it and run the step again") from None
