"""What a denoised image must beat: the best Gaussian filter of the same frame, and a flat image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from ..files.scan import Scan
from ..geometry.boxes import Box

SIGMAS: tuple[float, ...] = tuple(float(sigma) for sigma in np.geomspace(0.5, 16.0, 41).round(4))
_TRUNCATE = 4.0
# Beyond this ratio of means, frames and reference were exposed differently and the frames are scaled.
_SCALE = 1.25


def gaussian_errors(
    scan: Scan, boxes: Sequence[Box], target_mean: NDArray[np.float64], sigmas: Sequence[float] = SIGMAS
) -> NDArray[np.float64]:
    """Sums of squared errors of isotropic Gaussian filters of every single noisy frame.

    The filter sees the frame beyond a box, and repeats the edge pixel beyond the image.

    Parameters
    ----------
    scan
        Frames and targets.
    boxes
        Over whose pixels, in all frames, the errors are summed.
    target_mean
        Mean of the targets, (C,). Where it and the mean of the frames differ by more than a factor 1.25, the frames
        are scaled to it, because exposures differ.
    sigmas
        Standard deviations of the filters in px.

    Returns
    -------
    ndarray
        (len(sigmas), C), in squared units of the reference.
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

    errors = np.zeros((len(sigmas), scan.n_channels))
    for k in range(scan.n_frames):
        for box in boxes:
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
                    errors[i, c] += np.square(smooth - target[c]).sum()
    return errors
