"""Errors of Gaussian filters of the noisy frames, which a denoised image must beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..files.scan import Scan
from ..geometry.boxes import Box
from .cells import CellSums, cell_sums, cells_of

SIGMAS: tuple[float, ...] = tuple(float(sigma) for sigma in np.geomspace(0.5, 16.0, 41).round(4))
_TRUNCATE = 4.0
# Where the means of frames and reference differ by more than this factor, exposures differ and frames are scaled.
_SCALE = 1.25


def gaussian_errors(
    scan: Scan, boxes: Sequence[Box], target_mean: NDArray[np.float64], sigmas: Sequence[float] = SIGMAS
) -> list[CellSums]:
    """Sum the squared errors of isotropic Gaussian filters over small cells of each box and over all frames.

    Every noisy frame is filtered by itself.

    The filter also sees the frame outside of a box. Beyond the image it repeats the edge pixel.

    Parameters
    ----------
    scan
        Frames and targets.
    boxes
        Where the errors are summed.
    target_mean
        Mean of the targets, (C,). Where it is more than 1.25 times the mean of the frames, or less than 1/1.25 of it,
        exposures differ and the frames are scaled to it.
    sigmas
        Standard deviations of the filters in px.

    Returns
    -------
    list of CellSums
        One per box, (len(sigmas), C, *cells), in squared units of the reference.
    """
    margin = int(np.ceil(_TRUNCATE * max(sigmas))) + 1
    spatial = tuple(range(1, scan.ndim + 1))
    frame_mean = np.mean(
        [scan.read_frame(k, box.slices).mean(axis=spatial) * box.size for k in range(scan.n_frames) for box in boxes],
        axis=0,
    ) / np.mean([box.size for box in boxes])
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where((frame_mean > 0) & (target_mean > 0), target_mean / frame_mean, 1.0)
    scale = np.where((scale > _SCALE) | (scale < 1 / _SCALE), scale, 1.0)

    errors = [np.zeros((len(sigmas), scan.n_channels, *cells_of(box.shape))) for box in boxes]
    for k in range(scan.n_frames):
        for own, box in zip(errors, boxes, strict=True):
            around = tuple(
                slice(max(0, low - margin), min(extent, high + margin))
                for low, high, extent in zip(box.lower, box.upper, scan.shape, strict=True)
            )
            inner = tuple(
                slice(low - outer.start, high - outer.start)
                for low, high, outer in zip(box.lower, box.upper, around, strict=True)
            )
            frame, target = scan.read_frame(k, around), scan.read_target(k, box.slices)
            for c in range(scan.n_channels):
                image = frame[c].astype(np.float64) * scale[c]
                for i, sigma in enumerate(sigmas):
                    smooth = gaussian_filter(image, sigma, mode="nearest", truncate=_TRUNCATE)[inner]
                    own[i, c] += cell_sums(np.square(smooth - target[c]), box.shape).sums
    return [CellSums(own, tuple(box.shape)) for own, box in zip(errors, boxes, strict=True)]
