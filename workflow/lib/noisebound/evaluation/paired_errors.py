"""Squared errors of the denoised image beside those of the best Gaussian filter, pixel for pixel, with 95 % intervals.

Both are compared with the same noisy target, in the same places: what makes a place hard for both drops out of their
ratio, and the interval of the ratio is narrower than those of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..geometry.boxes import Box
from .cells import CellSums, cell_sums
from .error_bars import NONE, Interval, interval, interval_over_fields
from .held_out import HeldOut
from .shares import block_side, resampled

# Rows of the sums over cells.
_OURS, _GAUSSIAN, _FLAT, _COUNT = range(4)


def ratio_intervals(
    regions: Sequence[HeldOut], gaussian: Sequence[CellSums], channels: Sequence[int], removed: bool
) -> tuple[Interval, list[Interval]]:
    """Compute 95 % intervals of our squared error over that of the best Gaussian filter.

    The filter is the best one of each channel over all regions. To first order its choice adds nothing to the error of
    the ratio, because the derivative at the best filter is 0.

    Parameters
    ----------
    regions
        Held-out regions.
    gaussian
        Sums of squared errors of the filters over the cells of each region (see ``gaussian.gaussian_errors``).
    channels
        Numbers of the channels that are taken together; each is divided by the error of a flat image first.
    removed
        Whether the variance of the target's noise is subtracted from all squared errors.

    Returns
    -------
    together : tuple of float
        Low and high of the ratio over these channels; NaN where there are too few independent places or an error has no
        structure to divide by.
    each : list of tuple of float
        The same for every channel by itself.
    """
    found = [_channel_sums(regions, gaussian, c, removed) for c in channels]
    totals = [np.sum([part.sums.reshape(4, -1).sum(axis=1) for part in own.values()], axis=0) for own in found]
    each = []
    for own, total in zip(found, totals, strict=True):
        ours, theirs = total[_OURS], total[_GAUSSIAN]
        moved = {
            place: (part.sums[_OURS] - ours / theirs * part.sums[_GAUSSIAN]) / theirs for place, part in own.items()
        }
        each.append(_interval(ours / theirs, moved, own, regions) if theirs > 0 else NONE)
    return _together(found, totals, regions), each


def _together(
    found: Sequence[dict[tuple[str, Box], CellSums]], totals: Sequence[NDArray[np.float64]], regions: Sequence[HeldOut]
) -> Interval:
    """The interval of the ratio of two sums over channels, by its derivatives with respect to every cell."""
    if not found or any(total[_FLAT] <= 0 for total in totals):
        return NONE
    ours, theirs = (sum(float(total[row] / total[_FLAT]) for total in totals) for row in (_OURS, _GAUSSIAN))
    if theirs <= 0:
        return NONE
    moved: dict[tuple[str, Box], NDArray[np.float64]] = {}
    for own, total in zip(found, totals, strict=True):
        for place, part in own.items():
            up, down = (
                part.sums[row] / total[_FLAT] - total[row] / total[_FLAT] ** 2 * part.sums[_FLAT]
                for row in (_OURS, _GAUSSIAN)
            )
            moved[place] = moved.get(place, 0.0) + (up - ours / theirs * down) / theirs
    return _interval(ours / theirs, moved, found[0], regions)


def _channel_sums(
    regions: Sequence[HeldOut], gaussian: Sequence[CellSums], c: int, removed: bool
) -> dict[tuple[str, Box], CellSums]:
    """Sums over cells of our squared errors, the best filter's, a flat image's, and pixels: (4, *cells) by place."""
    by_sigma = np.sum([part.sums[:, c].reshape(len(part.sums), -1).sum(axis=1) for part in gaussian], axis=0)
    best, means = int(np.argmin(by_sigma)), frame_means(regions, c)
    found: dict[tuple[str, Box], CellSums] = {}
    for region, filtered in zip(regions, gaussian, strict=True):
        target, shape = region.target[c].astype(np.float64), tuple(region.box.shape)
        flat = means[region.scan].reshape(-1, *[1] * len(shape))
        rows = [np.square(region.median[c] - target), np.square(flat - target), np.ones(target.shape)]
        noise = region.noise[c].astype(np.float64).sum(axis=0) if removed and region.noise is not None else 0.0
        ours, even, count = (row.sum(axis=0) for row in rows)
        taken = cell_sums(np.zeros(shape) + noise, shape).sums
        parts = [cell_sums(ours, shape).sums - taken, filtered.sums[best, c] - taken]
        parts += [cell_sums(even, shape).sums - taken, cell_sums(count, shape).sums]
        place = (region.field, region.box)
        before = found[place].sums if place in found else 0.0
        # Repeats of one field of view are one place.
        found[place] = CellSums(before + np.stack(parts), shape)
    return found


def frame_means(regions: Sequence[HeldOut], c: int) -> dict[str, NDArray[np.float64]]:
    """Compute the mean target of every frame over the regions of its scan: the flat image.

    Parameters
    ----------
    regions
        Held-out regions.
    c
        Number of the channel.

    Returns
    -------
    dict
        float64 (R,) by name of the scan.
    """
    found = {}
    for name in dict.fromkeys(region.scan for region in regions):
        own = [region.target[c].reshape(region.target.shape[1], -1) for region in regions if region.scan == name]
        found[name] = np.concatenate(own, axis=1).mean(axis=1, dtype=np.float64)
    return found


def _interval(
    estimate: float,
    moved: dict[tuple[str, Box], NDArray[np.float64]],
    sums: dict[tuple[str, Box], CellSums],
    regions: Sequence[HeldOut],
) -> Interval:
    """The interval over blocks or over fields of view; ``moved`` says how far each cell moves the estimate.

    None where it reaches 0: then the noise that is removed is so large that what is divided by is not known either.
    """
    if resampled(regions) == "scans":
        fields: dict[str, float] = {}
        for (field, _), part in moved.items():
            fields[field] = fields.get(field, 0.0) + float(part.sum())
        found = interval_over_fields(estimate, np.array(list(fields.values())))
        return found if found[0] > 0 else NONE
    residuals = [CellSums(part, sums[place].shape) for place, part in moved.items()]
    weights = [CellSums(sums[place].sums[_COUNT], sums[place].shape) for place in moved]
    found = interval(estimate, residuals, weights, block_side(regions))
    return found if found[0] > 0 else NONE
