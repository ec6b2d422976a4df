"""Statistics of image values per label: exact, in memory that does not grow with the image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A block is (labels (n,), values (C, n) float32); the function gives the same blocks each time it is called.
Blocks = Callable[[], Iterable[tuple[NDArray, NDArray[np.float32]]]]
# float32 values as 32-bit keys are found digit by digit: one pass over the image each.
_DIGITS = ((21, 11), (10, 11), (0, 10))


@dataclass(frozen=True, eq=False)
class LabelStatistics:
    """``count`` (T,) int64; ``mean``, ``sd`` (T, C) float64; ``quantiles`` (Q, T, C) float32; NaN for absent labels."""

    count: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    quantiles: NDArray[np.float32]


def ordered_keys(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """float32 as uint32 in the same order (IEEE 754: flip all bits of negatives, the sign bit of the others)."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(0x80000000))


def values_of_keys(keys: NDArray[np.uint32]) -> NDArray[np.float32]:
    """The inverse of ``ordered_keys``."""
    keys = np.asarray(keys, dtype=np.uint32)
    return np.where(keys >> 31, keys & np.uint32(0x7FFFFFFF), ~keys).astype(np.uint32).view(np.float32)


def label_statistics(blocks: Blocks, labels: int, channels: int, quantiles: Sequence[float]) -> LabelStatistics:
    """Pixels, mean, population standard deviation and quantiles per label and channel.

    Parameters
    ----------
    blocks
        Gives labels from 0 to ``labels`` - 1 and finite values; is called four times.
    labels, channels
        How many there are.
    quantiles
        Levels between 0 and 1.

    Notes
    -----
    Quantiles are order statistics, the ceil(q n)-th smallest value (numpy's "inverted_cdf"), found by radix selection;
    moments are merged block by block (T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37 (1983) 242).
    """
    count, mean, sd = _moments(blocks, labels, channels)
    levels = np.asarray(quantiles, dtype=np.float64)[:, None, None]
    wanted = np.ceil(np.round(levels * count[None, :, None], 9)).astype(np.int64).clip(min=1) - 1
    rank = np.repeat(wanted, channels, axis=2)
    prefix = np.zeros(rank.shape, dtype=np.uint32)
    for shift, bits in _DIGITS:
        histogram = np.zeros((*rank.shape, 1 << bits), dtype=np.int64)
        for label, values in blocks():
            for channel in range(channels):
                key = ordered_keys(values[channel])
                digit = (key >> np.uint32(shift)) & np.uint32((1 << bits) - 1)
                # Python-sized shifts: a shift of all 32 bits would not be defined for uint32.
                above = key.astype(np.uint64) >> np.uint64(shift + bits)
                for level in range(len(rank)):
                    inside = above == prefix[level, label, channel]
                    flat = label[inside].astype(np.int64) * (1 << bits) + digit[inside]
                    counted = np.bincount(flat, minlength=labels << bits)
                    histogram[level, :, channel] += counted.reshape(labels, 1 << bits)
        upto = histogram.cumsum(axis=-1)
        chosen = (upto <= rank[..., None]).sum(axis=-1).clip(max=(1 << bits) - 1)
        below = np.take_along_axis(upto - histogram, chosen[..., None], axis=-1)[..., 0]
        rank = rank - below
        prefix = (prefix << np.uint32(bits)) | chosen.astype(np.uint32)
    exact = np.where(count[None, :, None] > 0, values_of_keys(prefix), np.float32(np.nan))
    return LabelStatistics(count, mean, sd, exact.astype(np.float32))


def _moments(blocks: Blocks, labels: int, channels: int) -> tuple[NDArray, NDArray, NDArray]:
    count = np.zeros(labels, dtype=np.int64)
    mean, squares = np.zeros((labels, channels)), np.zeros((labels, channels))
    for label, values in blocks():
        added = np.bincount(label, minlength=labels)
        here = np.maximum(added, 1)
        together = np.maximum(count + added, 1)
        for channel in range(channels):
            value = values[channel].astype(np.float64)
            centre = np.bincount(label, value, labels) / here
            spread = np.bincount(label, (value - centre[label]) ** 2, labels)
            step = np.where(added > 0, centre - mean[:, channel], 0.0)
            squares[:, channel] += spread + step**2 * count * added / together
            mean[:, channel] += step * added / together
        count += added
    absent = (count == 0)[:, None]
    sd = np.sqrt(squares / np.maximum(count, 1)[:, None])
    return count, np.where(absent, np.nan, mean), np.where(absent, np.nan, sd)
