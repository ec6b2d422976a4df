"""Combining the members' predictions of one tile: average or pooled quantiles, spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..latent.basis import LatentBasis
from .members import Ensemble
from .pooling import normal_quantile, pool_quantiles

Floats = NDArray[np.float32]
# Combined lower, median and upper, spread, projected latents, each member's median, and sums per channel over pixels of
# the members' own variance and of the variance between them.
TilePrediction = tuple[tuple[Floats, Floats, Floats], Floats, Floats | None, list[Floats], NDArray[np.float64]]


def combine_members(
    ensemble: Ensemble,
    image: Floats,
    inner: tuple[slice, ...],
    basis: LatentBasis | None,
    levels: Sequence[float] = (0.05, 0.95),
    combine: str = "average",
) -> TilePrediction:
    """Predict one tile with every member, and combine their quantiles, in physical units.

    ``image`` (C, *keep plus halo) raw, ``inner`` the part to keep. Returns the combined (lower, median, upper) (C,
    *keep), the spread, which is the standard deviation of the members' medians (C, *keep), the projected latents (K,
    *keep) where a ``basis`` is given, each member's median, and (2, C) sums over the pixels, also only with a basis: of
    the mean over members of the variance that a normal distribution of their width between ``levels`` would have
    (aleatoric), and of the squared spread (epistemic).

    ``combine`` "average": the mean of the members' quantiles, which is the quantile function of the Vincent average
    (Vincent 1912; Genest, Ann. Statist. 20 (1992) 1137); their disagreement does not widen the interval. "pool": the
    quantiles of their distributions taken together, which it widens, see ``pooling.pool_quantiles``. Only "pool" keeps
    all members' quantiles of the tile in memory.
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
    return (lower, median, upper), spread, scores, medians, np.stack([own, between])
