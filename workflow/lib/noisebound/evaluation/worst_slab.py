"""Coverage in the worst slab of predictions, searched on one half of the blocks and measured on the other.

A slab holds the pixels whose weighted sum of predicted medians and widths lies between two numbers. Searching many of
them finds one that looks bad by chance; only what it covers among pixels that took no part in the search counts.

Source: M. Cauchois, S. Gupta, J. C. Duchi, "Knowing what you know: valid and validated confidence sets in multiclass
and multilabel prediction", J. Mach. Learn. Res. 22 (2021), section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .held_out import HeldOut

# Smallest share of the pixels in a slab, equal parts that a direction is cut into, random directions, most pixels.
_SHARE = 0.1
_PARTS = 40
_DIRECTIONS = 40
_MOST_PIXELS = 20_000


@dataclass(frozen=True)
class Slabs:
    """Pixels of the test regions, sorted along many directions of the space of predictions.

    Attributes
    ----------
    taken
        Numbers of the pixels, counted over all regions and frames as ``region.target[0].ravel()`` has them.
    half
        Half of the blocks that each pixel belongs to, 0 or 1.
    parts
        Part of each direction that each pixel lies in, (directions, pixels), 0 to 39.
    """

    taken: NDArray[np.intp]
    half: NDArray[np.intp]
    parts: NDArray[np.intp]


def make_slabs(regions: Sequence[HeldOut], rng: np.random.Generator) -> Slabs:
    """Draw directions and sort the pixels of the test regions along them.

    The directions are the predicted medians and widths of all channels one by one, and random ones. Features are
    ranks, so that no outlier decides. Halves are every other block, repeats and frames of a block together.

    Parameters
    ----------
    regions
        Held-out regions.
    rng
        Draws the random directions, and the pixels where there are more than 20 000.

    Returns
    -------
    Slabs
        Pixels along all directions.
    """
    blocks, first = [], 0
    places: dict[tuple[str, object], int] = {}
    for region in regions:
        # Repeats of one field of view at the same place belong to the same halves.
        start = places.setdefault((region.field, region.box), first)
        first = max(first, start + region.n_blocks)
        blocks.append(np.broadcast_to(start + region.blocks, region.target.shape[1:]).ravel())
    half = np.concatenate(blocks) % 2
    taken = np.arange(half.size)
    if taken.size > _MOST_PIXELS:
        taken = np.sort(rng.choice(taken.size, _MOST_PIXELS, replace=False))
    features = []
    for c in range(len(regions[0].target)):
        median = np.concatenate([region.median[c].ravel() for region in regions])[taken]
        width = np.concatenate([(region.upper[c] - region.lower[c]).ravel() for region in regions])[taken]
        features += [_ranks(median), _ranks(width)]
    table = np.stack(features)
    drawn = rng.standard_normal((_DIRECTIONS, len(table)))
    directions = np.concatenate([np.eye(len(table)), drawn])
    parts = np.stack([_ranks(direction @ table) for direction in directions])
    return Slabs(taken, half[taken], np.minimum(((parts + 0.5) * _PARTS).astype(np.intp), _PARTS - 1))


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks between -0.5 and 0.5; equal values share the rank of the first."""
    order = np.sort(values)
    return np.searchsorted(order, values) / max(values.size, 1) - 0.5


def worst_slab(slabs: Slabs, covered: NDArray[np.bool_]) -> float:
    """Measure the coverage of the slab that covers least, on pixels that took no part in the search.

    Parameters
    ----------
    slabs
        The pixels along all directions.
    covered
        Which targets are covered, flat over all regions and frames.

    Returns
    -------
    float
        Each half of the blocks is searched and the slab measured on the other; the mean of both, by pixels. NaN where
        one half is empty.
    """
    inside = covered[slabs.taken].astype(np.float64)
    hits = counts = 0.0
    for half in (0, 1):
        search, measure = slabs.half == half, slabs.half != half
        if not search.any() or not measure.any():
            return float("nan")
        found = _search(slabs.parts[:, search], inside[search])
        if found is None:
            continue
        direction, low, high = found
        own = slabs.parts[direction][measure]
        chosen = (own >= low) & (own < high)
        hits, counts = hits + float(inside[measure][chosen].sum()), counts + float(chosen.sum())
    return hits / counts if counts else float("nan")


def _search(parts: NDArray[np.intp], inside: NDArray[np.float64]) -> tuple[int, int, int] | None:
    """The direction and the parts, from and to (exclusive), of the slab that covers least."""
    flat = (parts + _PARTS * np.arange(len(parts))[:, None]).ravel()
    shape = (len(parts), _PARTS)
    count = np.bincount(flat, minlength=parts.shape[0] * _PARTS).reshape(shape)
    hit = np.bincount(flat, np.tile(inside, len(parts)), minlength=parts.shape[0] * _PARTS).reshape(shape)
    sums = [np.concatenate([np.zeros((len(parts), 1)), np.cumsum(each, axis=1)], axis=1) for each in (hit, count)]
    low, high = np.triu_indices(_PARTS + 1, 1)
    hits, counts = (each[:, high] - each[:, low] for each in sums)
    allowed = counts >= _SHARE * inside.size
    if not allowed.any():
        return None
    share = np.where(allowed, hits / np.maximum(counts, 1), np.inf)
    direction, slab = np.unravel_index(int(np.argmin(share)), share.shape)
    return int(direction), int(low[slab]), int(high[slab])
