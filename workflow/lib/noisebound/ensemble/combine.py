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
    """One tile, predicted by all members. Images are float32 in the units of the reference.

    Parameters
    ----------
    quantiles
        Combined lower, median and upper quantile, (C, *keep) each.
    spread
        Standard deviation of the members' medians, (C, *keep).
    scores
        Projected latents (K, *keep); None without a basis.
    medians
        Each member's median, (C, *keep).
    variances
        float64 (2, C), sums over the pixels of the aleatoric and the epistemic variance. Aleatoric: of a normal
        distribution whose interval is as wide as a member's, averaged over the members; zero without a basis.
        Epistemic: the squared spread.
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
    """Predict one tile with every member and combine their quantiles.

    Parameters
    ----------
    ensemble
        The members.
    image
        float32 (C, *keep plus halo), raw.
    inner
        The part of ``image`` to keep, one slice per spatial axis.
    basis
        What the latents are projected on; None for no scores.
    levels
        Levels of the lower and the upper quantile.
    combine
        ``average``: the mean of the members' quantiles. The interval does not widen where members disagree. ``pool``:
        the quantiles of the mixture of their distributions, whose interval does widen there (see
        ``pooling.pool_quantiles``). It needs more memory, for all members' outer quantiles of the tile.

    Returns
    -------
    TilePrediction
        The kept part of the tile.

    References
    ----------
    The mean of quantiles is the quantile function of the Vincent average: Vincent 1912; Genest, Ann. Statist. 20 (1992)
    1137.
    """
    window = (slice(None), *inner)
    combination = _Combination(ensemble, basis, levels, combine)
    for m in range(len(ensemble)):
        latent, quantiles = ensemble.member(m, image)
        combination.add(m, latent[window], [quantile[window] for quantile in quantiles])
    return combination.result()


class _Combination:
    """The sums over the members of one tile, one member after the other."""

    def __init__(self, ensemble: Ensemble, basis: LatentBasis | None, levels: Sequence[float], combine: str) -> None:
        self.ensemble, self.basis, self.levels, self.combine = ensemble, basis, levels, combine
        self.normal_width = normal_quantile(levels[1]) - normal_quantile(levels[0])
        self.sums: list[NDArray[np.float64]] = []
        self.medians: list[Floats] = []
        self.outer: list[tuple[Floats, Floats]] = []
        self.aleatoric = np.zeros(ensemble.networks[0].architecture.out_channels)
        self.scores: Floats | None = None

    def add(self, m: int, latent: Floats, quantiles: Sequence[Floats]) -> None:
        """Add the latents and the lower, median and upper quantile of member ``m``."""
        if not self.sums:
            self.sums = [np.zeros(part.shape, dtype=np.float64) for part in quantiles]
        for total, part in zip(self.sums, quantiles, strict=True):
            total += part
        lower, median, upper = quantiles
        self.medians.append(median)
        if self.combine == "pool":
            self.outer.append((lower, upper))
        if self.basis is not None:
            variance = np.square((upper - lower) / self.normal_width).reshape(len(self.aleatoric), -1)
            self.aleatoric += variance.sum(axis=1, dtype=np.float64) / len(self.ensemble)
            partial = self.basis.partial(m, latent)
            self.scores = partial if self.scores is None else self.scores + partial

    def result(self) -> TilePrediction:
        """Combine what was added."""
        medians = np.stack(self.medians)
        spread = np.std(medians, axis=0, dtype=np.float64).astype(np.float32)
        epistemic = np.square(spread, dtype=np.float64).reshape(len(self.aleatoric), -1).sum(axis=1)
        scores = self.scores
        if self.basis is not None and scores is not None:
            scores = scores + self.basis.offset.reshape(-1, *(1,) * (scores.ndim - 1)).astype(np.float32)
        variances = np.stack([self.aleatoric, epistemic])
        return TilePrediction(self._quantiles(medians), spread, scores, self.medians, variances)

    def _quantiles(self, medians: Floats) -> tuple[Floats, Floats, Floats]:
        """Average or pool the lower, median and upper quantile."""
        if self.combine == "pool":
            lows, highs = (np.stack([pair[end] for pair in self.outer]) for end in (0, 1))
            return pool_quantiles(lows, medians, highs, self.levels, self.ensemble.device)
        lower, median, upper = ((total / len(self.ensemble)).astype(np.float32) for total in self.sums)
        return lower, median, upper
