"""How far tokens can be trusted: agreement of two frames of one place, and of clusterings that are repeated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..latent.basis import LatentBasis, fit_basis
from ..latent.frames import NO_PAIR, FramePairs
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
from .frame_agreement import NOT_KNOWN, agreement_of_table, cross_table, paired_difference
from .train_pixels import BLOCK, DeliveredPixels

# Names of the rows in ``stability.csv``, in their order.
FRAMES = "frames"
SAME, CHANCE = "same token in both frames (share)", "same token by chance (share)"
RESTARTED = "k-means restarted"
COLUMNS = ("comparison", "latents", "baseline", "null", "difference", "low", "high", "kind")


class Row(NamedTuple):
    """A row of ``stability.csv``; NaN where there is no value.

    Parameters
    ----------
    comparison
        What was compared.
    latents, baseline, null
        Its value for clusters of latents, of denoised medians and of noise.
    difference, low, high
        ``latents`` less ``baseline`` and the ends of its 95 % interval, for ``frames`` alone.
    kind
        For ``frames``, where the frames come from and which pixels they share, such as "repeats, held-out"; or "none".
    """

    comparison: str
    latents: float = math.nan
    baseline: float = math.nan
    null: float = math.nan
    difference: float = math.nan
    low: float = math.nan
    high: float = math.nan
    kind: str = ""


def stability_rows(
    pixels: DeliveredPixels,
    basis: LatentBasis,
    sample: LatentSample,
    frames: FramePairs,
    centres: NDArray[np.float64],
    repeats: int,
    seed: np.random.SeedSequence,
) -> list[Row]:
    """Compute the rows of ``stability.csv``, whose meaning :func:`noisebound.structure.fit_tokens.fit_tokens` states.

    Parameters
    ----------
    pixels, basis, sample, frames
        What the ensemble delivered at the sampled pixels; latent basis, latent sample and pairs of frames of the latent
        step.
    centres
        (T, K) float64, centres of the delivered clustering of ``pixels.scores``.
    repeats
        As in ``StructureSettings``.
    seed
        Gives each row a random stream; all columns of the row start from copies of it.

    Returns
    -------
    list of Row
        The rows, agreement of frames first.
    """
    seeds, halves, divide, members, last = seed.spawn(5)
    tokens, components, sizes = len(centres), basis.n_components, sample.member_sizes
    baseline = standardise(pixels.medians)
    null = _scores(sample.null, sizes.tolist(), components)
    null_blocks = np.column_stack([sample.scan, sample.coordinates // BLOCK])
    baseline_centres = fit_centres(baseline, tokens, _copy(last))

    def seeded(scores: NDArray | None) -> float:
        return agreement_over_seeds(scores, tokens, repeats, _copy(seeds)) if scores is not None else math.nan

    def halved(scores: NDArray | None, blocks: NDArray) -> float:
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

    rows = [
        *frame_rows(frames, pixels.medians, centres, baseline_centres, last),
        Row("subsamples", halved(pixels.scores, pixels.blocks), halved(baseline, pixels.blocks),
            halved(null, null_blocks)),
        Row("members", of_members(sample.latents), of_medians(pixels.members), of_members(sample.null)),
    ]  # fmt: skip
    labels = nearest_centre(pixels.scores, centres), nearest_centre(baseline, baseline_centres)
    rows.append(Row("latents against baseline", agreement(labels)))
    rows.append(Row(RESTARTED, seeded(pixels.scores), seeded(baseline), seeded(null)))
    if pixels.reference is not None:
        ours, theirs = (explained_variance(pixels.reference, own) for own in labels)
        rows.append(Row("reference variance explained (share)", ours, theirs))
    return rows


def frame_rows(
    frames: FramePairs,
    medians: NDArray[np.float32],
    centres: NDArray[np.float64],
    baseline_centres: NDArray[np.float64],
    seed: np.random.SeedSequence,
) -> list[Row]:
    """Compare the token maps of the two frames: clusters fitted on train pixels, as delivered, label both.

    Parameters
    ----------
    frames
        What the members say of the two frames.
    medians
        (N, C), medians at the train pixels, by which those of the frames are standardised.
    centres, baseline_centres
        (T, K) and (T, C) float64, centres of latent scores and of standardised medians.
    seed
        Seeds the clustering of noise.

    Returns
    -------
    list of Row
        Index, share of pixels that keep their label, and that share by chance; one row without values where there are
        no pairs of frames.
    """
    if frames.source == NO_PAIR:
        return [Row(FRAMES, kind=NO_PAIR)]
    tokens = len(centres)
    mean, sd = (getattr(medians.astype(np.float64), of)(axis=0) for of in ("mean", "std"))
    scaled = (frames.medians - mean) / np.where(sd > 0, sd, 1.0)
    latents = [nearest_centre(scores, centres) for scores in frames.scores]
    baseline = [nearest_centre(values, baseline_centres) for values in scaled]
    ours, theirs = (agreement_of_table(cross_table(pair, tokens)) for pair in (latents, baseline))
    null = NOT_KNOWN
    if frames.null.shape[2] and len(np.unique(frames.null_fit, axis=0)) >= tokens:
        noise = fit_centres(frames.null_fit, tokens, _copy(seed))
        null = agreement_of_table(cross_table([nearest_centre(scores, noise) for scores in frames.null], tokens))
    places = np.column_stack([frames.scan, frames.coordinates])
    difference = paired_difference(latents, baseline, places, tokens)
    kind = f"{frames.source}, {frames.place}"
    return [
        Row(FRAMES, ours.index, theirs.index, null.index, *difference, kind),
        Row(SAME, ours.same, theirs.same, null.same),
        Row(CHANCE, ours.chance, theirs.chance, null.chance),
    ]


def _scores(latents: NDArray, sizes: Sequence[int], components: int) -> NDArray | None:
    """Scores (N, K) in a basis fitted on these very latents (N, D); None where none of their channels varies."""
    try:
        return fit_basis(latents, sizes, components).project(latents.T).T
    except InputError:
        return None


def _copy(seed: np.random.SeedSequence) -> np.random.SeedSequence:
    """A fresh sequence with the same stream: spawning changes a sequence, and columns of a row share their draws."""
    return np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)
