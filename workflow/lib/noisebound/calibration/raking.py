"""The estimated mean raked to the noisy frame: its totals over blocks agree with the counts, as far as these tell.

A network draws rare elements towards what it saw in training. Pixel by pixel nothing reveals that, but the counts of a
whole block do. In simulations (``benchmarks/promises/sums.py``) this is the best of the images to add up.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..geometry.blocks import parts_of_axis, slabs
from ..geometry.boxes import Region

Doubles = NDArray[np.float64]
# Approximate side of a block in px.
BLOCK = 32
# Reads a region of C images: the raw counts, and the estimated mean.
Reader = Callable[[Region], tuple[NDArray[np.floating], NDArray[np.floating]]]


def block_totals(read: Reader, shape: tuple[int, ...], n_channels: int) -> tuple[Doubles, Doubles]:
    """Add up counts and estimated mean over the blocks of a scan, slab by slab.

    Parameters
    ----------
    read
        Reads a region.
    shape
        Pixels per spatial axis.
    n_channels
        Number of channels C.

    Returns
    -------
    tuple of ndarray
        Counts and means, (C, blocks along each axis) float64.
    """
    edges = [_edges(extent) for extent in shape]
    grid = (n_channels, *(len(ends) - 1 for ends in edges))
    totals = np.zeros((2, *grid))
    for region in slabs(shape, n_channels):
        # The blocks that the slab cuts along its first axis; slabs span the other axes.
        first = edges[0]
        for block in range(len(first) - 1):
            low, high = max(first[block], region[0].start), min(first[block + 1], region[0].stop)
            if low >= high:
                continue
            for images, total in zip(read((slice(low, high), *region[1:])), totals, strict=True):
                part = images.astype(np.float64).sum(axis=1)
                for axis, ends in enumerate(edges[1:], 1):
                    part = np.add.reduceat(part, ends[:-1], axis=axis)
                total[:, block] += part
    return totals[0], totals[1]


def rake_factors(counts: Doubles, means: Doubles, scale: Doubles) -> Doubles:
    """Compute by what the estimated mean is to be multiplied in each block.

    Parameters
    ----------
    counts, means
        What :func:`block_totals` returns.
    scale
        Counts of the reference that stand for one count of the noisy frame, (C,); NaN where unknown.

    Returns
    -------
    ndarray
        Factors of the shape of ``counts``; 1 for channels with unknown scale or without counts.

    Notes
    -----
    The number n of counts in a block is Poisson with mean f m, where m is the estimated mean in the unit of the frame.
    The factors f of the blocks are Gamma distributed about f0, the ratio of all counts to the whole mean, with a
    variance that the spread of the counts beyond Poisson noise gives. The factor of a block is the posterior mean,
    (f0 b + n) / (b + m) with b = f0 / variance: few counts leave it at f0, many make it n / m.

    References
    ----------
    B. Efron, C. Morris, "Data analysis using Stein's estimator and its generalizations", JASA 70 (1975) 311; for counts
    H. Robbins, "The empirical Bayes approach to statistical decision problems", Ann. Math. Statist. 35 (1964) 1.
    """
    factors = np.ones(counts.shape)
    for c, of_frame in enumerate(scale):
        n, m = counts[c], means[c] / of_frame
        if not np.isfinite(of_frame) or n.sum() <= 0 or not m.sum() > 0:
            continue
        common = n.sum() / m.sum()
        variance = (np.square(n - common * m).sum() - n.sum()) / np.square(m).sum()
        if variance <= 0:
            factors[c] = common
        else:
            weight = common / variance
            factors[c] = (common * weight + n) / (weight + m)
    return factors


def factors_at(factors: Doubles, shape: tuple[int, ...], region: Region, means: Doubles | None = None) -> Doubles:
    """Interpolate the factors of blocks at the pixels of a region, linearly between the centres of the blocks.

    Raked and estimated totals are interpolated alike and divided. So a bright block beside a dark one keeps its own
    factor up to its edge, and a factor of a block that holds next to nothing reaches no other.

    Parameters
    ----------
    factors
        What :func:`rake_factors` returns.
    shape
        Pixels per spatial axis of the scan.
    region
        One slice per spatial axis.
    means
        Totals of the estimated mean, of the shape of ``factors``; None for the same in all blocks.

    Returns
    -------
    ndarray
        (C, *region) float64; constant from the outermost centres on.
    """
    if means is None:
        return _between(factors, shape, region)
    weights = np.maximum(means, np.finfo(np.float64).tiny)
    return _between(factors * weights, shape, region) / _between(weights, shape, region)


def _between(values: Doubles, shape: tuple[int, ...], region: Region) -> Doubles:
    """Values of blocks, linearly between their centres."""
    for axis, (extent, part) in enumerate(zip(shape, region, strict=True), 1):
        ends = _edges(extent)
        centres = (ends[:-1] + ends[1:] - 1) / 2
        at = np.arange(part.start, part.stop)
        places = np.interp(at, centres, np.arange(len(centres)))
        left = np.minimum(places.astype(np.intp), max(len(centres) - 2, 0))
        right = np.minimum(left + 1, len(centres) - 1)
        share = (places - left).reshape([-1 if other == axis else 1 for other in range(values.ndim)])
        values = (1 - share) * values.take(left, axis=axis) + share * values.take(right, axis=axis)
    return values


def _edges(extent: int) -> NDArray[np.intp]:
    """Where blocks begin along an axis, and its end."""
    parts = parts_of_axis(extent, BLOCK)
    return np.array([round(i * extent / parts) for i in range(parts + 1)], dtype=np.intp)
