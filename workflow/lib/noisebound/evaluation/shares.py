"""Shares of pixels by group, with an interval over blocks or scans; and mean widths by group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..geometry.boxes import Box
from .cells import CellSums, cell_labels, cells_of
from .error_bars import Interval, interval, interval_over_fields
from .held_out import HeldOut, HeldOutIntervals
from .metrics import block_sums

# Fewest test scans that show how much scans differ from each other. Repeats of one group count as one scan.
SCANS_TO_RESAMPLE = 10


def resampled(regions: Sequence[HeldOut]) -> str:
    """Say what the intervals of shares of these regions are made from.

    Parameters
    ----------
    regions
        Held-out regions.

    Returns
    -------
    str
        "scans" where there are ``SCANS_TO_RESAMPLE`` test scans or more, else "blocks".
    """
    return "scans" if len({region.field for region in regions}) >= SCANS_TO_RESAMPLE else "blocks"


def shares(
    regions: Sequence[HeldOut],
    values: Sequence[ArrayLike],
    groups: Sequence[ArrayLike],
    n_groups: int,
    intervals: bool = True,
) -> dict[str, NDArray[Any]]:
    """Compute the mean of ``values`` in each group, with a 95 % interval.

    The interval comes from blocks of pixels and from how they resemble each other (see ``error_bars``). From
    ``SCANS_TO_RESAMPLE`` test scans on it comes from whole scans, because scans differ by more than the blocks of one
    scan. Scans of one group are repeats of one field of view and count as one.

    Parameters
    ----------
    regions
        Held-out regions.
    values
        One array per region of shares between 0 and 1, broadcast to (R, *box).
    groups
        Number of each pixel's group, broadcast likewise; pixels with a negative number are left out.
    n_groups
        Number of groups.
    intervals
        Whether to compute the intervals; without, they are NaN.

    Returns
    -------
    dict of ndarray
        "share", its interval "low" and "high" (NaN where there are too few independent places), "n_pixels" and
        "n_blocks", each (n_groups,).
    """
    sums: dict[tuple[str, Box], NDArray[np.float64]] = {}
    blocks: dict[tuple[str, Box], NDArray[np.bool_]] = {}
    for region, value, group in zip(regions, values, groups, strict=True):
        full, cells = np.broadcast_to(group, region.target.shape[1:]), cells_of(region.box.shape)
        labels = cell_labels(region.box.shape)
        own = [block_sums(part, full, labels, math.prod(cells), n_groups) for part in (value, np.ones(()))]
        present = block_sums(np.ones(()), full, region.blocks, region.n_blocks, n_groups) > 0
        # The same block of several repeats is one block, as it is in the frames of one scan.
        place = (region.field, region.box)
        sums[place] = sums.get(place, 0.0) + np.stack(own)
        blocks[place] = blocks.get(place, False) | present
    hit, count = (np.sum([part[i].sum(axis=0) for part in sums.values()], axis=0) for i in range(2))
    with np.errstate(invalid="ignore"):
        share = hit / count
    ends = np.full((2, n_groups), np.nan)
    if intervals:
        side, over_scans = block_side(regions), resampled(regions) == "scans"
        for g in np.flatnonzero(count):
            picked = {place: part[..., g] for place, part in sums.items()}
            ends[:, g] = _over_scans(share[g], picked) if over_scans else _over_blocks(share[g], picked, side)
    n_blocks = np.sum([part.sum(axis=0) for part in blocks.values()], axis=0)
    return {"share": share, "low": ends[0], "high": ends[1], "n_pixels": count.astype(int), "n_blocks": n_blocks}


def _over_blocks(share: float, sums: Mapping[tuple[str, Box], NDArray[np.float64]], side: int) -> Interval:
    """The interval over blocks; ``sums`` are hits and counts of the cells of each box, (2, n_cells)."""
    total = sum(float(part[1].sum()) for part in sums.values())
    residuals, weights = [], []
    for (_, box), (hits, counts) in sums.items():
        if counts.any():
            cells, shape = cells_of(box.shape), tuple(box.shape)
            residuals.append(CellSums(((hits - share * counts) / total).reshape(cells), shape))
            weights.append(CellSums(counts.reshape(cells), shape))
    return interval(share, residuals, weights, side, share=True)


def _over_scans(share: float, sums: Mapping[tuple[str, Box], NDArray[np.float64]]) -> Interval:
    """The interval over fields of view; ``sums`` as for :func:`_over_blocks`."""
    fields: dict[str, NDArray[np.float64]] = {}
    for (field, _), part in sums.items():
        fields[field] = fields.get(field, 0.0) + part.sum(axis=1)
    hits, counts = np.array([part for part in fields.values() if part[1]]).T
    return interval_over_fields(share, (hits - share * counts) / counts.sum(), share=True)


def block_side(regions: Sequence[HeldOut]) -> int:
    """Compute the mean side of the blocks of regions.

    Parameters
    ----------
    regions
        Held-out regions.

    Returns
    -------
    int
        In px.
    """
    pixels, blocks = sum(region.blocks.size for region in regions), sum(region.n_blocks for region in regions)
    return max(1, round((pixels / blocks) ** (1 / regions[0].blocks.ndim)))


def mean_width(
    intervals: Sequence[HeldOutIntervals], c: int, groups: Sequence[ArrayLike], n_groups: int
) -> NDArray[np.float64]:
    """Compute the mean width of the intervals of one channel in each group.

    Parameters
    ----------
    intervals
        Held-out regions with their intervals.
    c
        Number of the channel.
    groups, n_groups
        As in :func:`shares`.

    Returns
    -------
    ndarray
        float64 (n_groups,), in the unit of the reference; NaN for a group without pixels.
    """
    total, pixels = np.zeros(n_groups), np.zeros(n_groups)
    for own, group in zip(intervals, groups, strict=True):
        labels = np.broadcast_to(group, own.region.target.shape[1:])
        keep = labels >= 0
        total += np.bincount(labels[keep], weights=own.width[c][keep].astype(np.float64), minlength=n_groups)
        pixels += np.bincount(labels[keep], minlength=n_groups)
    with np.errstate(invalid="ignore"):
        return total / pixels
