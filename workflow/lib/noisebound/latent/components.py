"""Principal components of latents: which channels count, their weights, and the directions of largest variance."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger("noisebound")

# A channel is dead if its standard deviation is below this share of the median of its member's live channels:
# standardising it would raise rounding noise to the level of signal.
DEAD_TOLERANCE = 1e-3
# A standard deviation below this share of the channel's own magnitude is float32 rounding, not signal.
ROUNDING = 1e-5
# Components that hold less than this share of the leading one's variance are rounding, not directions.
RANK_TOLERANCE = 1e-10


def member_slices(sizes: NDArray[np.int64]) -> tuple[slice, ...]:
    """Find where the channels of each member lie among the concatenated channels.

    Parameters
    ----------
    sizes
        (M,), number of channels of each member.

    Returns
    -------
    tuple of slice
        One slice per member.
    """
    ends = np.cumsum(sizes)
    return tuple(slice(int(end - size), int(end)) for size, end in zip(sizes, ends, strict=True))


def live_channels(
    sd: NDArray[np.float64], magnitude: NDArray[np.float64], members: Sequence[slice]
) -> NDArray[np.bool_]:
    """Find the channels that vary by more than rounding, and not far less than the others of their member.

    Parameters
    ----------
    sd, magnitude
        (D,), standard deviation and largest absolute value of each channel.
    members
        Where the channels of each member lie.

    Returns
    -------
    array
        bool (D,): True if the standard deviation exceeds ``ROUNDING`` times the magnitude and is at least
        ``DEAD_TOLERANCE`` times the median of the member's live channels.
    """
    live = sd > ROUNDING * magnitude
    for member in members:
        if live[member].any():
            live[member] &= sd[member] >= DEAD_TOLERANCE * np.median(sd[member][live[member]])
    return live


def member_weights(keep: NDArray[np.bool_], members: Sequence[slice]) -> NDArray[np.float64]:
    """Compute weights that give every member the same total variance.

    A member with no kept channel is named in the log.

    Parameters
    ----------
    keep
        bool (D,), False for channels that are dropped.
    members
        Where the channels of each member lie.

    Returns
    -------
    array
        float64 (D,): 1/sqrt(number of kept channels of the member); 0 for dropped channels.
    """
    weight = np.zeros(len(keep))
    for number, member in enumerate(members):
        kept = int(keep[member].sum())
        if kept:
            weight[member] = np.where(keep[member], 1 / np.sqrt(kept), 0.0)
        else:
            size = member.stop - member.start
            logger.warning("member %d: all %d latent channels are dead; it adds nothing to the latents", number, size)
    return weight


def principal_components(
    weighted: NDArray[np.float64], components: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute principal components as eigenvectors of the covariance.

    Parameters
    ----------
    weighted
        (N, D), centred values.
    components
        Number of components to return. If the rank is lower, the rank is taken and the log says so.

    Returns
    -------
    loadings : array of float64
        (K, D), orthonormal rows; in each, the largest loading is positive.
    values : array of float64
        (D,), all eigenvalues of the covariance, the largest first.
    """
    values, vectors = np.linalg.eigh(weighted.T @ weighted / len(weighted))
    values, vectors = values[::-1], vectors[:, ::-1]
    rank = int((values > RANK_TOLERANCE * values[0]).sum())
    if components > rank:
        logger.warning("the latents have rank %d: %d components instead of %d", rank, rank, components)
    chosen = min(components, rank)
    loadings = vectors[:, :chosen].T
    largest = np.abs(loadings).argmax(axis=1)
    loadings = loadings * np.sign(loadings[np.arange(chosen), largest])[:, None]
    return np.ascontiguousarray(loadings), values
