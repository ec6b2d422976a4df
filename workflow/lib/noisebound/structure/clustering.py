"""Reproducible k-means clustering, and measures of how far its clusters can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

# Restarts of k-means; the best one is kept. The stability figures use as many, so that they describe the same
# procedure as the delivered clustering.
RESTARTS = 5


def fit_centres(scores: NDArray, tokens: int, seed: np.random.SeedSequence) -> NDArray[np.float64]:
    """Fit cluster centres by k-means: k-means++ and Lloyd's algorithm, the best of 5 restarts.

    One thread computes, because the order in which threads add up would change the last bits from run to run.

    Parameters
    ----------
    scores
        (N, K), any float type.
    tokens
        Number of clusters T, at most N.
    seed
        Fixes the starting centres.

    Returns
    -------
    NDArray
        (T, K) float64.
    """
    state = int(seed.generate_state(1)[0])
    with threadpool_limits(limits=1):
        model = KMeans(tokens, n_init=RESTARTS, random_state=state).fit(np.asarray(scores, dtype=np.float64))
    return np.asarray(model.cluster_centers_, dtype=np.float64)


def nearest_centre(scores: NDArray, centres: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the nearest centre of each pixel, by Euclidean distance.

    Parameters
    ----------
    scores
        (N, K), any float type.
    centres
        (T, K) float64.

    Returns
    -------
    NDArray
        (N,), index of the centre; the lower index where two are equally near.
    """
    distance = (centres**2).sum(axis=1) - 2 * np.asarray(scores, dtype=np.float64) @ centres.T
    return distance.argmin(axis=1)


def standardise(values: NDArray) -> NDArray[np.float64]:
    """Scale every column to mean 0 and standard deviation 1.

    Parameters
    ----------
    values
        (N, C), any type.

    Returns
    -------
    NDArray
        (N, C) float64; columns that are constant become 0.
    """
    values = np.asarray(values, dtype=np.float64)
    sd = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(sd > 0, sd, 1.0)


def agreement(labels: Sequence[NDArray]) -> float:
    """Compute the mean adjusted Rand index over all pairs of labellings.

    Parameters
    ----------
    labels
        Labellings of the same N pixels, (N,) each.

    Returns
    -------
    float
        1 for equal labellings, about 0 for independent ones; NaN for fewer than two labellings.

    References
    ----------
    L. Hubert, P. Arabie, "Comparing partitions", Journal of Classification 2 (1985) 193.
    """
    pairs = [adjusted_rand_score(a, b) for a, b in combinations(labels, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def agreement_over_seeds(scores: NDArray, tokens: int, repeats: int, seed: np.random.SeedSequence) -> float:
    """Measure how well clusterings agree that differ in their seed alone.

    Parameters
    ----------
    scores
        (N, K), any float type.
    tokens
        Clusters of each clustering.
    repeats
        Number of clusterings.
    seed
        Gives each clustering its own seed.

    Returns
    -------
    float
        Mean adjusted Rand index over all pairs; NaN for fewer than two ``repeats``.
    """
    children = seed.spawn(repeats)
    return agreement([nearest_centre(scores, fit_centres(scores, tokens, child)) for child in children])


def agreement_over_halves(
    scores: NDArray, blocks: NDArray | None, tokens: int, repeats: int, seed: np.random.SeedSequence
) -> float:
    """Measure how well clusterings agree that are fitted on disjoint halves of the pixels and applied to all of them.

    Parameters
    ----------
    scores
        (N, K), any float type.
    blocks
        (N, columns), the block of each pixel. A block goes into one half as a whole. Where this is None or names a
        single block, pixels are divided one by one.
    tokens
        Clusters of each clustering.
    repeats
        Number of divisions into two halves.
    seed
        Draws the divisions and seeds the clusterings.

    Returns
    -------
    float
        Mean adjusted Rand index over the divisions. A division with fewer pixels than ``tokens`` in one half is left
        out; NaN where none remains.
    """
    groups = np.arange(len(scores))
    if blocks is not None:
        found = np.unique(blocks, axis=0, return_inverse=True)[1].reshape(-1)
        groups = found if found.max() > 0 else groups
    values = []
    for child in seed.spawn(repeats):
        draw, first, second = child.spawn(3)
        order = np.random.default_rng(draw).permutation(groups.max() + 1)
        left = (order < (len(order) + 1) // 2)[groups]
        if min(left.sum(), (~left).sum()) < tokens:
            continue
        labels = [
            nearest_centre(scores, fit_centres(scores[half], tokens, state))
            for half, state in ((left, first), (~left, second))
        ]
        values.append(agreement(labels))
    return float(np.mean(values)) if values else float("nan")


def member_halves(members: int, repeats: int, seed: np.random.SeedSequence) -> list[tuple[list[int], list[int]]]:
    """Draw different divisions of the members into two disjoint halves.

    Parameters
    ----------
    members
        Number of members M.
    repeats
        Divisions that are wanted.
    seed
        Draws them.

    Returns
    -------
    list of tuple
        At most ``repeats`` pairs of sorted member numbers, from 0 to M - 1; fewer pairs where few members allow no more
        divisions, and none for fewer than 2 members. Of an odd number, one half has one member more.
    """
    rng = np.random.default_rng(seed)
    found: dict[frozenset[frozenset[int]], tuple[list[int], list[int]]] = {}
    for _ in range(20 * repeats):
        if members < 2 or len(found) == repeats:
            break
        order = rng.permutation(members).tolist()
        one, other = sorted(order[: members // 2]), sorted(order[members // 2 :])
        found.setdefault(frozenset((frozenset(one), frozenset(other))), (one, other))
    return list(found.values())


def agreement_over_members(
    scores_of: Callable[[list[int]], NDArray | None],
    divisions: Sequence[tuple[list[int], list[int]]],
    tokens: int,
    seed: np.random.SeedSequence,
) -> float:
    """Measure how well clusterings agree that come from disjoint halves of the ensemble.

    Parameters
    ----------
    scores_of
        Gives the scores (N, K) that the named members alone would have given, or None where they give none.
    divisions
        Pairs of halves (see :func:`member_halves`).
    tokens
        Clusters of each clustering.
    seed
        Seeds the clusterings.

    Returns
    -------
    float
        Mean adjusted Rand index over the divisions of which both halves give scores; NaN where there is none.
    """
    values = []
    for division, child in zip(divisions, seed.spawn(len(divisions)), strict=True):
        halves = [scores for scores in map(scores_of, division) if scores is not None]
        if len(halves) == 2:
            values.append(
                agreement(
                    [
                        nearest_centre(scores, fit_centres(scores, tokens, state))
                        for scores, state in zip(halves, child.spawn(2), strict=True)
                    ]
                )
            )
    return float(np.mean(values)) if values else float("nan")


def explained_variance(values: NDArray, labels: NDArray) -> float:
    """Compute the share of the variance of values that lies between clusters (eta squared).

    Parameters
    ----------
    values
        (N, C), any type.
    labels
        (N,), cluster of each pixel.

    Returns
    -------
    float
        From 0 to 1, averaged over the channels that vary; NaN where none does.
    """
    values = np.asarray(values, dtype=np.float64)
    total = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    within = np.zeros_like(total)
    for label in np.unique(labels):
        inside = values[labels == label]
        within += ((inside - inside.mean(axis=0)) ** 2).sum(axis=0)
    varies = total > 0
    return float(np.mean(1 - within[varies] / total[varies])) if varies.any() else float("nan")
