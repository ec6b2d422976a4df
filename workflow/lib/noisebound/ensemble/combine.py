"""Combining the members' predictions of one tile: average or pooled quantiles, spread, projected latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..latent.basis import LatentBasis
from .members import Ensemble
from .pooling import normal_quantile, pool_quantiles

Floats = NDArray[np.float32]


class TilePrediction(NamedTuple):
    """One tile, predicted by all members; images are float32 in the units of the reference.

    Parameters
    ----------
    quantiles
        Combined lower, median and upper, (C, *keep) each.
    spread
        Standard deviation of the members' medians, (C, *keep).
    scores
        Projected latents (K, *keep), where there is a basis.
    medians
        Each member's median, (C, *keep).
    variances
        float64 (2, C), sums over the pixels. Aleatoric: the mean over members of the variance of a normal distribution
        that is as wide as their interval; zero without a basis. Epistemic: the squared spread.
    """

    quantiles: tuple[Floats, Floats, Floats]
    spread: Floats
    scores: Floats | None
    medians: list[Floats]
    variances: NDArray[np.float64]


def combine_members(
    ensemble: Ensemble,
    image: Floats,
    inner: tuple[slice, ...],
    basis: LatentBasis | None,
    levels: Sequence[float],
    combine: str,
) -> TilePrediction:
    """Predict one tile with every member, and combine their quantiles.

    Parameters
    ----------
    ensemble
        The members.
    image
        float32 (C, *keep plus halo), raw.
    inner
        The part of ``image`` to keep.
    basis
        What the latents are projected on; where it is None, they are not.
    levels
        Levels of the members' lower and upper quantile.
    combine
        ``average``: the mean of the members' quantiles, which their disagreement does not widen. ``pool``: the
        quantiles of their distributions taken together, which it widens (see ``pooling.pool_quantiles``); only then
        are all members' quantiles of the tile held in memory.

    References
    ----------
    The mean of quantiles is the quantile function of the Vincent average: Vincent 1912; Genest, Ann. Statist. 20 (1992)
    1137.
    """
    window = (slice(None), *inner)
    sums: list[NDArray[np.float64]] = []
    medians: list[Floats] = []
    outer: list[tuple[Floats, Floats]] = []
    own = np.zeros(ensemble.networks[0].architecture.out_channels)
    scores: Floats | None = None
    normal_width = normal_quantile(levels[1]) - normal_quantile(levels[0])
    for m in range(len(ensemble)):
        latent, quantiles = ensemble.member(m, image)
        kept = [quantile[window] for quantile in quantiles]
        if not sums:
            sums = [np.zeros(part.shape, dtype=np.float64) for part in kept]
        for total, part in zip(sums, kept, strict=True):
            total += part
        medians.append(kept[1])
        if combine == "pool":
            outer.append((kept[0], kept[2]))
        if basis is not None:
            deviation = (kept[2] - kept[0]) / normal_width
            own += np.square(deviation).reshape(len(own), -1).sum(axis=1, dtype=np.float64) / len(ensemble)
            partial = basis.partial(m, latent[window])
            scores = partial if scores is None else scores + partial
    if basis is not None and scores is not None:
        scores = scores + basis.offset.reshape(-1, *(1,) * len(inner)).astype(np.float32)
    if combine == "pool":
        lows, highs = (np.stack([pair[end] for pair in outer]) for end in (0, 1))
        lower, median, upper = pool_quantiles(lows, np.stack(medians), highs, levels, ensemble.device)
    else:
        lower, median, upper = ((total / len(ensemble)).astype(np.float32) for total in sums)
    spread = np.std(np.stack(medians), axis=0, dtype=np.float64).astype(np.float32)
    between = np.square(spread, dtype=np.float64).reshape(len(own), -1).sum(axis=1)
    return TilePrediction((lower, median, upper), spread, scores, medians, np.stack([own, between]))
