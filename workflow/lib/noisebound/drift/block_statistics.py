"""Statistics of small blocks of a scan: what its noisy frame looks like, and where its latents lie.

The statistics of a block depend on its own pixels alone, by a rule that no compared scan has influenced. Ranks of
blocks of different scans can therefore be compared (see ``similarity``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.variance import stabilise
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..geometry.boxes import Box
from ..latent.basis import LatentBasis

Doubles = NDArray[np.float64]
# Limits between coarse and middle, and between middle and fine spatial frequencies, in cycles per pixel.
BANDS = (0.125, 0.25)
# Statistics of a noisy block per channel, in the order in which they are stored.
IMAGE_STATISTICS = ("mean", "contrast", "noise", "middle", "fine", "zeros")
_LAPLACIAN_NORM = 6.0  # root of the sum of squares of Immerkaer's 3 x 3 mask


def image_statistics(block: NDArray[np.float32], counts: bool) -> Doubles:
    """Compute the statistics of one block of a noisy frame.

    Parameters
    ----------
    block
        (C, [Z], Y, X) float32 in raw units.
    counts
        Whether values are counts. All statistics but ``mean`` and ``zeros`` are then taken after the Anscombe
        transform.

    Returns
    -------
    NDArray
        (C, 6) float64, in the order of ``IMAGE_STATISTICS``. ``mean``: of the raw values. ``contrast``: natural
        logarithm of the standard deviation. ``noise``: natural logarithm of the standard deviation of white noise (see
        Notes). ``middle`` and ``fine``: shares of the variance at 1/8 to 1/4, and at 1/4 and more cycles per pixel, in
        planes of Y and X. ``zeros``: share of raw values that are exactly 0.

    Notes
    -----
    The noise is that of white noise with the same mean absolute value of second differences along both Y and X. Smooth
    structure has little influence on these.

    References
    ----------
    J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image Understanding 64 (1996) 300.
    """
    channels = len(block)
    raw = block.astype(np.float64)
    values = stabilise(block, "anscombe" if counts else "none").astype(np.float64)
    flat = raw.reshape(channels, -1)
    # Far below any measured standard deviation: keeps the logarithm finite for blocks without variation.
    floor = 1e-6 * np.maximum(np.abs(flat).mean(axis=1), 1e-6)
    planes = values.reshape(channels, -1, *values.shape[-2:])
    spread = values.reshape(channels, -1).std(axis=1)
    height, width = planes.shape[-2:]
    if min(height, width) >= 3:
        rows = planes[..., :-2, :] - 2 * planes[..., 1:-1, :] + planes[..., 2:, :]
        second = rows[..., :-2] - 2 * rows[..., 1:-1] + rows[..., 2:]
        noise = math.sqrt(math.pi / 2) / _LAPLACIAN_NORM * np.abs(second).mean(axis=(1, 2, 3))
    else:
        noise = np.zeros(channels)
    power = np.abs(np.fft.fft2(planes - planes.mean(axis=(2, 3), keepdims=True))) ** 2
    power = power.mean(axis=1)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    total = np.maximum(power.sum(axis=(1, 2)), 1e-300)
    middle = power[:, (radius >= BANDS[0]) & (radius < BANDS[1])].sum(axis=1) / total
    fine = power[:, radius >= BANDS[1]].sum(axis=1) / total
    logs = [np.log(np.maximum(scale, floor)) for scale in (spread, noise)]
    return np.stack([flat.mean(axis=1), *logs, middle, fine, (flat == 0).mean(axis=1)], axis=1)


def latent_statistics(block: NDArray[np.float32], scale: Doubles) -> Doubles:
    """Compute where the latents of one block lie, relative to those of the training pixels.

    Parameters
    ----------
    block
        (K, *spatial) float32, scores as stored.
    scale
        (K,) float64, standard deviation of each component on the training pixels (see :func:`latent_scale`). Its mean
        there is 0.

    Returns
    -------
    NDArray
        (K + 1,) float64: the mean of each component in units of ``scale``, then the mean squared Mahalanobis distance
        from the training pixels divided by K, which is 1 on average on those pixels.
    """
    scores = block.reshape(len(block), -1).astype(np.float64) / scale[:, None]
    return np.append(scores.mean(axis=1), np.square(scores).mean())


def describe_blocks(
    scan: Scan, ensemble: Predictions, boxes: Sequence[Box], side: int, scale: Doubles
) -> dict[str, Doubles]:
    """Compute the statistics of all blocks of some boxes, in the delivered frame. Memory holds one row of blocks.

    Parameters
    ----------
    scan, ensemble
        Standard file of the scan, and what the ensemble predicts.
    boxes
        Parts of the scan.
    side
        Edge length of the blocks in pixels, about.
    scale
        (K,) float64, scale of the latent components (see :func:`latent_scale`).

    Returns
    -------
    dict
        For N blocks, float64: ``image``, ``latent``, ``top`` and ``at_top`` as in ``BlockTable``; ``median``, (N, C),
        the mean of the ensemble's median over each block.
    """
    found: dict[str, list[Any]] = {name: [] for name in ("image", "latent", "top", "at_top", "median")}
    for box in boxes:
        for row, blocks in blocks_of_box(box, side):
            noisy, median = scan.read_frame(ensemble.frame, row), ensemble.read("median", row)
            scores = ensemble.read_latent(row) if ensemble.n_latent else None
            for inside in blocks:
                where = (slice(None), *inside)
                block = noisy[where]
                flat = block.reshape(len(block), -1)
                found["image"].append(image_statistics(block, scan.counts))
                found["latent"].append(np.zeros(0) if scores is None else latent_statistics(scores[where], scale))
                found["top"].append(flat.max(axis=1))
                found["at_top"].append((flat == flat.max(axis=1, keepdims=True)).mean(axis=1))
                found["median"].append(median[where].reshape(len(median), -1).mean(axis=1))
    return {name: np.array(values, dtype=np.float64) for name, values in found.items()}


def latent_scale(basis: str | Path) -> Doubles:
    """Read the standard deviation of each latent component on the training pixels.

    Parameters
    ----------
    basis
        File of the latent basis.

    Returns
    -------
    NDArray
        (K,) float64 in units of the scores in ensemble files, so that the first is 1; at least 1e-6.

    Raises
    ------
    InputError
        Where the file is unusable.
    """
    deviations = LatentBasis.load(basis).scores_sd
    scale: Doubles = np.maximum(deviations / deviations[0], 1e-6)
    return scale
