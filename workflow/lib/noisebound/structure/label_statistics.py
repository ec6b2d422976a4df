"""Exact statistics of image values per label, in memory that does not grow with the image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The function gives the blocks of an image, the same each time it is called: labels (n,) and values (C, n) float32.
Blocks = Callable[[], Iterable[tuple[NDArray, NDArray[np.float32]]]]
# Digits of a 32-bit key, as (lowest bit, number of bits). Each pass over the image finds one digit of every quantile.
_DIGITS = ((21, 11), (10, 11), (0, 10))


@dataclass(frozen=True, eq=False)
class LabelStatistics:
    """Statistics of image values for each of T labels.

    Parameters
    ----------
    count
        (T,) int64, pixels.
    mean, sd
        (T, C) float64, mean and population standard deviation; NaN for a label without pixels.
    quantiles
        (Q, T, C) float32; NaN for a label without pixels.
    """

    count: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    quantiles: NDArray[np.float32]


def ordered_keys(values: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Map float32 values to integers of the same order.

    Parameters
    ----------
    values
        Finite numbers of any shape.

    Returns
    -------
    NDArray
        uint32 of the same shape: the bits of the value in IEEE 754, all of them flipped for negative values, only the
        sign bit for the others.
    """
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(0x80000000))


def values_of_keys(keys: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Map integers back to the float32 values that :func:`ordered_keys` made them from.

    Parameters
    ----------
    keys
        uint32 of any shape.

    Returns
    -------
    NDArray
        float32 of the same shape.
    """
    keys = np.asarray(keys, dtype=np.uint32)
    return np.where(keys >> 31, keys & np.uint32(0x7FFFFFFF), ~keys).astype(np.uint32).view(np.float32)


def label_statistics(blocks: Blocks, labels: int, channels: int, quantiles: Sequence[float]) -> LabelStatistics:
    """Compute number of pixels, mean, standard deviation and quantiles per label and channel.

    Parameters
    ----------
    blocks
        Gives the blocks of the image, with integer labels from 0 to ``labels`` - 1 and finite values. It is called four
        times.
    labels, channels
        Number of labels T and of channels C.
    quantiles
        Q levels between 0 and 1.

    Returns
    -------
    LabelStatistics
        With T labels.

    Notes
    -----
    A quantile is the ceil(q n)-th smallest of n values (numpy's "inverted_cdf"), found by radix selection. Moments are
    merged block by block.

    References
    ----------
    T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", The American Statistician 37
    (1983) 242.
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
                # In 64 bits, because the first digit shifts by 32, which is not defined for uint32.
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
    """Number of pixels (T,) int64, mean and standard deviation (T, C) float64 per label and channel."""
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
