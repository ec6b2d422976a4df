"""Statistics of small blocks of a scan: what its noisy frame looks like, and where its latents lie.

Each number follows from the block's own pixels alone, by a rule that no scan to be compared has had a part in. That is
what makes the blocks of two scans comparable by ranks (see ``similarity``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..core.variance import stabilise
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..geometry.boxes import Box
from ..latent.basis import LatentBasis
from ..regions.regions import Regions

Doubles = NDArray[np.float64]
# Spatial frequencies, in cycles per pixel, that part coarse from middle and middle from fine.
BANDS = (0.125, 0.25)
# Per channel, in this order; "saturated" is added when two tables are compared.
IMAGE_STATISTICS = ("mean", "contrast", "noise", "middle", "fine", "zeros")
SATURATED = "saturated"
DISTANCE = "distance"
_LAPLACIAN_NORM = 6.0


def image_statistics(block: NDArray[np.float32], counts: bool) -> Doubles:
    """``IMAGE_STATISTICS`` of one block, (C, [Z], Y, X) float32 in raw units; returns (C, 6) float64.

    ``mean``: of the raw values. All others but ``zeros`` are of values after the Anscombe transform where they are
    ``counts``. ``contrast``: log of the standard deviation. ``noise``: log of the standard deviation of white noise
    that would leave the mean absolute second difference seen (J. Immerkaer, Computer Vision and Image Understanding
    64 (1996) 300), which smooth structure hardly moves. ``middle`` and ``fine``: shares of the variance at 1/8 to 1/4
    and above 1/4 cycles per pixel, in the plane of Y and X. ``zeros``: share of values that are exactly 0.
    """
    channels = len(block)
    raw = block.astype(np.float64)
    values = stabilise(block, "anscombe" if counts else "none").astype(np.float64)
    flat = raw.reshape(channels, -1)
    # A floor far below anything measured, for blocks without any variation.
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
    """Mean of each latent component, and the mean squared distance from the training pixels; returns (K + 1,).

    ``block`` is (K, *spatial), ``scale`` (K,) the standard deviation of each component on the training pixels, about a
    mean of 0: the distance is Mahalanobis's, divided by K, so that it is 1 on average there.
    """
    scores = block.reshape(len(block), -1).astype(np.float64) / scale[:, None]
    return np.append(scores.mean(axis=1), np.square(scores).mean())


@dataclass(frozen=True, eq=False)
class BlockTable:
    """Blocks of one or more scans with their statistics.

    ``channels`` are names; ``image`` is (N, C, 6), ``latent`` (N, K + 1) or (N, 0) without latents; ``top`` (N, C)
    the largest raw value of a block and ``at_top`` (N, C) the share of its pixels that have it; ``field`` (N,) numbers
    the field of view, ``fields`` names them, and ``whole`` says which of these served calibration as a whole scan;
    ``residual`` (N, C, L) is the autocorrelation of residuals (see ``residuals``).
    """

    channels: tuple[str, ...]
    image: Doubles
    latent: Doubles
    top: Doubles
    at_top: Doubles
    field: NDArray[np.int64]
    fields: tuple[str, ...]
    whole: NDArray[np.bool_]
    residual: Doubles

    def __len__(self) -> int:
        return len(self.image)

    @classmethod
    def joined(cls, tables: Sequence[BlockTable]) -> Self:
        """All blocks of several tables; fields of the same name are one, whole where they are in every table."""
        names = tuple(dict.fromkeys(name for table in tables for name in table.fields))
        whole = np.array(
            [all(t.whole[t.fields.index(name)] for t in tables if name in t.fields) for name in names], dtype=bool
        )
        numbers = [np.array([names.index(name) for name in table.fields], np.int64)[table.field] for table in tables]
        parts = ("image", "latent", "top", "at_top", "residual")
        arrays = {part: np.concatenate([getattr(table, part) for table in tables]) for part in parts}
        return cls(tables[0].channels, field=np.concatenate(numbers), fields=names, whole=whole, **arrays)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For an npz file; the inverse of :meth:`from_arrays`."""
        names = {"channels": np.array(self.channels), "fields": np.array(self.fields)}
        parts = ("image", "latent", "top", "at_top", "field", "whole", "residual")
        return names | {part: getattr(self, part) for part in parts}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """The inverse of :meth:`to_arrays`."""
        names = {key: tuple(str(name) for name in arrays[key]) for key in ("channels", "fields")}
        return cls(**names, **{key: value for key, value in arrays.items() if key not in names})  # type: ignore[arg-type]


TABLE_ARRAYS = ("channels", "fields", "image", "latent", "top", "at_top", "field", "whole", "residual")


def compared(calibrated: BlockTable, new: BlockTable) -> tuple[list[tuple[str, str]], Doubles, Doubles]:
    """Names, (kind, channel or number of the component), and the values of both tables, (N, F) float64 each.

    Saturation is the share of a block's pixels at the largest value of both tables together, for which no scan is
    privileged.
    """
    names = [(kind, channel) for channel in calibrated.channels for kind in (*IMAGE_STATISTICS, SATURATED)]
    n_latent = calibrated.latent.shape[1]
    names += [("latent", str(k + 1)) for k in range(n_latent - 1)] + ([(DISTANCE, "")] if n_latent else [])
    top = np.maximum(calibrated.top.max(axis=0), new.top.max(axis=0))
    values = []
    for table in (calibrated, new):
        saturated = np.where(table.top == top, table.at_top, 0.0)
        images = np.concatenate([table.image, saturated[:, :, None]], axis=2)
        values.append(np.concatenate([images.reshape(len(table), -1), table.latent], axis=1))
    return names, values[0], values[1]


def describe_blocks(
    scan: Scan, ensemble: Predictions, boxes: Sequence[Box], side: int, scale: Doubles
) -> dict[str, Doubles]:
    """Of all blocks of ``boxes``: ``image``, ``latent``, ``top`` and ``at_top`` as in ``BlockTable``, and ``median``.

    The delivered frame is described; ``scale`` as for ``latent_statistics``. ``median`` is (N, C), the means of the
    ensemble's median over each block. Memory holds one row of blocks.
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
    """Standard deviation on the training pixels of each latent component as stored in ensemble files, float64 (K,)."""
    deviations = LatentBasis.load(basis).scores_sd
    scale: Doubles = np.maximum(deviations / deviations[0], 1e-6)
    return scale


def block_table(
    scan: Scan, regions: Regions, found: dict[str, Doubles], residual: Doubles, complete: bool
) -> BlockTable:
    """Blocks of one scan from ``describe_blocks`` and ``describe_residuals``, ``complete`` where they are all of it."""
    return BlockTable(
        channels=scan.channels,
        field=np.zeros(len(residual), np.int64),
        # Repeats of one field of view are one thing to exchange, as in the calibration of intervals.
        fields=(f"group {scan.group}" if scan.group else f"scan {scan.name}",),
        whole=np.array([complete]),
        residual=residual,
        **{name: values for name, values in found.items() if name != "median"},
    )
