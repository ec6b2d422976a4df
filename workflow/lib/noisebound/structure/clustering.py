"""k-means with everything fixed by a seed, and how far its clusters can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

# Restarts of k-means; the best of them is kept. The stability figures restart as often, so that they speak of the
# procedure that is delivered.
RESTARTS = 5


def fit_centres(scores: NDArray, tokens: int, seed: np.random.SeedSequence) -> NDArray[np.float64]:
    """Cluster centres (tokens, K) float64 of scores (N, K) by k-means++ and Lloyd's algorithm, best of 5 restarts.

    One thread, because the order in which threads add up would change the last bits from run to run.
    """
    state = int(seed.generate_state(1)[0])
    with threadpool_limits(limits=1):
        model = KMeans(tokens, n_init=RESTARTS, random_state=state).fit(np.asarray(scores, dtype=np.float64))
    return np.asarray(model.cluster_centers_, dtype=np.float64)


def nearest_centre(scores: NDArray, centres: NDArray[np.float64]) -> NDArray[np.intp]:
    """Index of the nearest centre (Euclidean) for scores (N, K); the lower index where two are equally near."""
    distance = (centres**2).sum(axis=1) - 2 * np.asarray(scores, dtype=np.float64) @ centres.T
    return distance.argmin(axis=1)


def standardise(values: NDArray) -> NDArray[np.float64]:
    """Columns of values (N, C) with mean 0 and standard deviation 1; constant columns become 0."""
    values = np.asarray(values, dtype=np.float64)
    sd = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(sd > 0, sd, 1.0)


def agreement(labels: Sequence[NDArray]) -> float:
    """Mean adjusted Rand index over all pairs of labellings (Hubert and Arabie 1985); NaN for fewer than two."""
    pairs = [adjusted_rand_score(a, b) for a, b in combinations(labels, 2)]
    return float(np.mean(pairs)) if pairs else float("nan")


def agreement_over_seeds(scores: NDArray, tokens: int, repeats: int, seed: np.random.SeedSequence) -> float:
    """Mean adjusted Rand index between ``repeats`` clusterings of scores (N, K) that differ in their seed alone."""
    children = seed.spawn(repeats)
    return agreement([nearest_centre(scores, fit_centres(scores, tokens, child)) for child in children])


def agreement_over_halves(
    scores: NDArray, blocks: NDArray | None, tokens: int, repeats: int, seed: np.random.SeedSequence
) -> float:
    """Mean adjusted Rand index between clusterings fitted on disjoint halves of scores (N, K), both applied to all.

    ``blocks`` (N, columns), if given, names the block of each pixel; a block goes into one half as a whole. Falls back
    on single pixels where there are fewer than two blocks. NaN where a half has fewer pixels than tokens.
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
    """Up to ``repeats`` different divisions of the members into two disjoint halves (one apart for an odd number)."""
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
    """Mean adjusted Rand index between clusterings from disjoint halves of the ensemble; NaN without a division.

    ``scores_of(members)`` gives the scores (N, K) that those members alone would have given, None where they give none.
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
    """Share of the variance of values (N, C) that lies between clusters (eta squared), averaged over channels.

    Constant channels are left out; NaN where no channel varies.
    """
    values = np.asarray(values, dtype=np.float64)
    total = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    within = np.zeros_like(total)
    for label in np.unique(labels):
        inside = values[labels == label]
        within += ((inside - inside.mean(axis=0)) ** 2).sum(axis=0)
    varies = total > 0
    return float(np.mean(1 - within[varies] / total[varies])) if varies.any() else float("nan")
