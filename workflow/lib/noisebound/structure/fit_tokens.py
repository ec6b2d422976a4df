"""The step fit_tokens: one clustering of the latents of all train regions."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.tables import write_table
from ..latent.basis import LatentBasis
from ..latent.frames import load_pairs
from ..latent.sample import LatentSample, load_sample
from .clustering import fit_centres, nearest_centre, standardise
from .settings import StructureSettings
from .stability import COLUMNS, stability_rows
from .token_model import ORDER_RULE, TokenModel
from .train_pixels import DeliveredPixels, TrainFiles, sample_pixels

logger = logging.getLogger("noisebound")

# Keeps these random streams apart from those of the members, which use spawn keys (0,), (1,), ...
_STREAM = 20_000_001


def fit_tokens(
    files: TrainFiles,
    basis: str | Path,
    sample: str | Path,
    frames: str | Path,
    output_model: str | Path,
    output_stability: str | Path,
    *,
    settings: StructureSettings,
    seed: int,
) -> None:
    """Fit the clustering on the latents of the train regions; write ``tokens/model.npz`` and ``stability.csv``.

    Every scan with train boxes gives the same number of pixels, or all that it has. The scores keep the variance that
    the principal components gave them: scaled to equal variance, components of little but noise would count as much as
    the leading ones.

    What ``stability.csv`` holds is said in :class:`noisebound.structure.stability.Row`.

    Parameters
    ----------
    files
        Files of the scans.
    basis, sample, frames
        Files of the latent step.
    output_model, output_stability
        Files to write.
    settings
        The section ``structure`` of the configuration.
    seed
        Seed of the run.

    Raises
    ------
    InputError
        Where fewer than one token is asked for, a file is unusable, no scan has a train box, files do not belong
        together, or the sampled pixels have fewer different latents than there are tokens.
    """
    tokens = settings.tokens
    if tokens < 1:
        raise InputError("at least one is needed", key="structure.tokens", value=tokens, remedy="give 1 or more")
    latent_basis, latent_sample, pairs = LatentBasis.load(basis), load_sample(sample), load_pairs(frames)
    fit, draw, stability = np.random.SeedSequence(seed, spawn_key=(_STREAM,)).spawn(3)
    pixels = sample_pixels(files, settings.sample, np.random.default_rng(draw))
    _check_latents(pixels, latent_basis, basis, latent_sample, sample)
    if pairs.scores.shape[2] != latent_basis.n_components:
        raise InputError("the frames come from another basis", file=frames, remedy="run the latent step again")
    _check_distinct(pixels.scores, tokens)
    model = ordered_model(fit_centres(pixels.scores, tokens, fit), pixels, latent_basis.digest, seed)
    rows = stability_rows(pixels, latent_basis, latent_sample, pairs, model.centres, settings.repeats, stability)
    model.save(output_model)
    write_table(output_stability, COLUMNS, rows, digits=6)
    logger.info(
        "%d tokens on %d pixels of %s; shares %s",
        tokens,
        len(pixels.scores),
        ", ".join(pixels.scans),
        model.share.round(3),
    )


def ordered_model(centres: NDArray[np.float64], pixels: DeliveredPixels, basis: str, seed: int) -> TokenModel:
    """Build the token model of given centres, with tokens numbered by :data:`ORDER_RULE`.

    Parameters
    ----------
    centres
        Cluster centres, (T, K) float64 in units of the stored scores, in any order.
    pixels
        The pixels that they were fitted on, which say how bright and how frequent each token is.
    basis
        Digest of the latent basis.
    seed
        Seed of the run.

    Returns
    -------
    TokenModel
        With the darkest token first.
    """
    tokens = len(centres)
    labels = nearest_centre(pixels.scores, centres)
    brightness = standardise(pixels.medians).sum(axis=1)
    count = np.bincount(labels, minlength=tokens)
    intensity = np.bincount(labels, brightness, tokens) / np.maximum(count, 1)
    # The centres themselves decide where two tokens are equally bright.
    order = np.lexsort((*centres.T[::-1], intensity))
    share = count[order] / len(labels)
    return TokenModel(centres[order], intensity[order], share, ORDER_RULE, basis, seed, pixels.scans)


def _check_latents(
    pixels: DeliveredPixels, basis: LatentBasis, basis_file: str | Path, sample: LatentSample, sample_file: str | Path
) -> None:
    """Raise ``InputError`` where the ensemble files, the basis and the sample come from different members."""
    if pixels.scores.shape[1] != basis.n_components:
        raise InputError(
            f"the ensemble files hold {pixels.scores.shape[1]} latent scores, the basis {basis.n_components}",
            file=basis_file,
            remedy="run the ensemble step again",
        )
    if basis.member_sizes.tolist() != sample.member_sizes.tolist():
        raise InputError("the sample comes from other members", file=sample_file, remedy="run the latent step again")


def _check_distinct(scores: NDArray, tokens: int) -> None:
    """Raise ``InputError`` where the scores (N, K) hold fewer different rows than ``tokens``."""
    distinct = len(np.unique(scores, axis=0))
    if distinct < tokens:
        raise InputError(
            f"the train regions give only {distinct} different latents",
            key="structure.tokens",
            value=tokens,
            remedy="ask for fewer tokens or sample more pixels (structure.sample)",
        )
