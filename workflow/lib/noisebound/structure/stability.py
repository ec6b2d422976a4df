"""How stable tokens are: agreement of clusterings over seeds, halves of the sample, and members."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..latent.basis import LatentBasis, fit_basis
from ..latent.sample import LatentSample
from .clustering import (
    agreement,
    agreement_over_halves,
    agreement_over_members,
    agreement_over_seeds,
    explained_variance,
    fit_centres,
    member_halves,
    nearest_centre,
    standardise,
)
from .train_pixels import DeliveredPixels


def stability_rows(
    pixels: DeliveredPixels,
    basis: LatentBasis,
    sample: LatentSample,
    tokens: int,
    repeats: int,
    seed: np.random.SeedSequence,
) -> list[tuple[str, float, float, float]]:
    """Compute the rows of ``stability.csv``, whose meaning :func:`noisebound.structure.fit_tokens.fit_tokens` states.

    Parameters
    ----------
    pixels, basis, sample
        What the ensemble delivered at the sampled pixels; latent basis and latent sample of the latent step.
    tokens, repeats, seed
        The first two as in ``StructureSettings``. The seed gives each row a random stream; all columns of the row start
        from copies of it.

    Returns
    -------
    list of tuple
        Name of the comparison, then its value for latents, baseline and null; NaN where there is no value.
    """
    seeds, halves, divide, members, last = seed.spawn(5)
    components, sizes = basis.n_components, sample.member_sizes
    baseline = standardise(pixels.medians)
    null = _scores(sample.null, sizes.tolist(), components)

    def seeded(scores: NDArray | None) -> float:
        return agreement_over_seeds(scores, tokens, repeats, _copy(seeds)) if scores is not None else math.nan

    def halved(scores: NDArray | None, blocks: NDArray | None) -> float:
        return agreement_over_halves(scores, blocks, tokens, repeats, _copy(halves)) if scores is not None else math.nan

    divisions = member_halves(len(sizes), repeats, divide)

    def of_members(latents: NDArray) -> float:
        def scores_of(chosen: list[int]) -> NDArray | None:
            part = np.concatenate([latents[:, basis.members[m]] for m in chosen], axis=1)
            return _scores(part, [int(sizes[m]) for m in chosen], components)

        return agreement_over_members(scores_of, divisions, tokens, _copy(members))

    def of_medians(stack: NDArray | None) -> float:
        if stack is None or len(stack) != len(sizes):
            return math.nan
        return agreement_over_members(lambda m: standardise(stack[m].mean(axis=0)), divisions, tokens, _copy(members))

    rows: list[tuple[str, float, float, float]] = [
        ("seeds", seeded(pixels.scores), seeded(baseline), seeded(null)),
        ("subsamples", halved(pixels.scores, pixels.blocks), halved(baseline, pixels.blocks), halved(null, None)),
        ("members", of_members(sample.latents), of_medians(pixels.members), of_members(sample.null)),
    ]  # fmt: skip
    latent_labels = nearest_centre(pixels.scores, fit_centres(pixels.scores, tokens, _copy(last)))
    baseline_labels = nearest_centre(baseline, fit_centres(baseline, tokens, _copy(last)))
    rows.append(("latents against baseline", agreement([latent_labels, baseline_labels]), math.nan, math.nan))
    if pixels.reference is not None:
        ours, theirs = (explained_variance(pixels.reference, labels) for labels in (latent_labels, baseline_labels))
        rows.append(("reference variance explained (share)", ours, theirs, math.nan))
    return rows


def _scores(latents: NDArray, sizes: Sequence[int], components: int) -> NDArray | None:
    """Scores (N, K) in a basis fitted on these very latents (N, D); None where none of their channels varies."""
    try:
        return fit_basis(latents, sizes, components).project(latents.T).T
    except InputError:
        return None


def _copy(seed: np.random.SeedSequence) -> np.random.SeedSequence:
    """A fresh sequence with the same stream: spawning changes a sequence, and columns of a row share their draws."""
    return np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
