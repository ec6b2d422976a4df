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

    - ``frames``: the adjusted Rand index between the maps of two independent frames of the same place; only structure
      that a second measurement repeats raises it. The frames of the null are two independent images of noise. Here,
      ``difference`` is latents less baseline, with the ends of its 95 % interval, and ``kind`` says which frames and
      pixels were compared.
    - the share of pixels that keep their token from one frame to the other, and that share by chance.
    - ``subsamples``, ``members``: mean indices between clusterings on halves of the sample, which consist of whole
      blocks in each column, and between clusterings of halves of the members.
    - ``latents against baseline``: the index between the two.
    - ``k-means restarted``: that between runs of k-means on the same values. It tells how reproducible k-means is, and
      nothing of structure.
    - the share of the reference's variance that lies between clusters, where all train scans have a reference.

    Parameters
    ----------
    comparison
        What was compared.
    latents, baseline, null
        Its value for clusters of the latents, of the standardised denoised medians, and of latents of noise-only input
        with a basis of their own.
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
    """Compute the rows of ``stability.csv``, frames first.

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
        The rows in the order of :class:`Row`; the last only where there is a reference.
    """
    seeds, halves, divide, members, last = seed.spawn(5)
    tokens, sizes = len(centres), sample.member_sizes
    baseline = standardise(pixels.medians)
    null = _scores(sample.null, sizes.tolist(), basis.n_components)
    null_blocks = np.column_stack([sample.scan, sample.coordinates // BLOCK])
    baseline_centres = fit_centres(baseline, tokens, _copy(last))

    def seeded(scores: NDArray | None) -> float:
        return agreement_over_seeds(scores, tokens, repeats, _copy(seeds)) if scores is not None else math.nan

    def halved(scores: NDArray | None, blocks: NDArray) -> float:
        return agreement_over_halves(scores, blocks, tokens, repeats, _copy(halves)) if scores is not None else math.nan

    rows = [
        *frame_rows(frames, pixels.medians, centres, baseline_centres, last),
        Row("subsamples", halved(pixels.scores, pixels.blocks), halved(baseline, pixels.blocks),
            halved(null, null_blocks)),
        _member_row(pixels, basis, sample, tokens, member_halves(len(sizes), repeats, divide), members),
    ]  # fmt: skip
    labels = nearest_centre(pixels.scores, centres), nearest_centre(baseline, baseline_centres)
    rows.append(Row("latents against baseline", agreement(labels)))
    rows.append(Row(RESTARTED, seeded(pixels.scores), seeded(baseline), seeded(null)))
    if pixels.reference is not None:
        ours, theirs = (explained_variance(pixels.reference, own) for own in labels)
        rows.append(Row("reference variance explained (share)", ours, theirs))
    return rows


def _member_row(
    pixels: DeliveredPixels,
    basis: LatentBasis,
    sample: LatentSample,
    tokens: int,
    divisions: Sequence[tuple[list[int], list[int]]],
    seed: np.random.SeedSequence,
) -> Row:
    """Agreement of clusterings of halves of the members."""
    sizes = sample.member_sizes

    def of_latents(latents: NDArray) -> float:
        def scores_of(chosen: list[int]) -> NDArray | None:
            part = np.concatenate([latents[:, basis.members[m]] for m in chosen], axis=1)
            return _scores(part, [int(sizes[m]) for m in chosen], basis.n_components)

        return agreement_over_members(scores_of, divisions, tokens, _copy(seed))

    medians, baseline = pixels.members, math.nan
    if medians is not None and len(medians) == len(sizes):
        baseline = agreement_over_members(
            lambda chosen: standardise(medians[chosen].mean(axis=0)), divisions, tokens, _copy(seed)
        )
    return Row("members", of_latents(sample.latents), baseline, of_latents(sample.null))


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
