"""Shares of pixels by group, with a bootstrap interval over blocks or scans; and mean widths by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..geometry.boxes import Box
from .held_out import HeldOut, HeldOutIntervals
from .metrics import block_sums, bootstrap_interval

# Fewest test scans that show how much scans differ from each other. Repeats of one group count as one scan.
SCANS_TO_RESAMPLE = 10


def resampled(regions: Sequence[HeldOut]) -> str:
    """Say what the bootstrap over these regions draws.

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
    draws: int,
    rng: np.random.Generator,
) -> dict[str, NDArray[Any]]:
    """Compute the mean of ``values`` in each group, with a 95 % bootstrap interval over the blocks of all regions.

    From ``SCANS_TO_RESAMPLE`` test scans on, whole scans are drawn instead of blocks, because scans differ by more than
    the blocks of one scan. Scans of one group are repeats of one field of view: their blocks at the same place count as
    one block, and they are drawn together.

    Parameters
    ----------
    regions
        Held-out regions.
    values
        One array per region, broadcast to (R, *box).
    groups
        Number of each pixel's group, broadcast likewise; pixels with a negative number are left out.
    n_groups
        Number of groups.
    draws
        Number of bootstrap draws.
    rng
        Source of the draws.

    Returns
    -------
    dict of ndarray
        "share", its interval "low" and "high", "n_pixels" and "n_blocks", each (n_groups,).
    """
    sums: dict[tuple[str, Box], NDArray[np.float64]] = {}
    for region, value, group in zip(regions, values, groups, strict=True):
        full = np.broadcast_to(group, region.target.shape[1:])
        own = [block_sums(part, full, region.blocks, region.n_blocks, n_groups) for part in (value, np.ones(()))]
        # The same block of several repeats is one block, as it is in the frames of one scan.
        place = (region.field, region.box)
        sums[place] = sums.get(place, 0.0) + np.stack(own)
    hit, count = np.concatenate(list(sums.values()), axis=1)
    if resampled(regions) == "scans":
        fields: dict[str, NDArray[np.float64]] = {}
        for (field, _), part in sums.items():
            fields[field] = fields.get(field, 0.0) + part.sum(axis=1)
        drawn = np.stack(list(fields.values()), axis=1)
        low, high = bootstrap_interval(drawn[0], drawn[1], draws, rng)
    else:
        low, high = bootstrap_interval(hit, count, draws, rng)
    with np.errstate(invalid="ignore"):
        share = hit.sum(axis=0) / count.sum(axis=0)
    pixels = count.sum(axis=0).astype(int)
    return {"share": share, "low": low, "high": high, "n_pixels": pixels, "n_blocks": (count > 0).sum(axis=0)}


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
