"""The step fit_tokens: one clustering of the latents of all train regions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..core.errors import InputError
from ..core.tables import write_table
from ..latent.basis import LatentBasis
from ..latent.sample import load_sample
from .clustering import fit_centres, nearest_centre, standardise
from .stability import stability_rows
from .token_model import ORDER_RULE, TokenModel
from .train_pixels import sample_pixels

logger = logging.getLogger("noisebound")

# Keeps these random streams apart from those of the members, which use spawn keys (0,), (1,), ...
_STREAM = 20_000_001


def fit_tokens(
    ensembles: Sequence[str | Path],
    regions: Sequence[str | Path],
    basis: str | Path,
    sample: str | Path,
    output_model: str | Path,
    output_stability: str | Path,
    *,
    tokens: int,
    repeats: int,
    seed: int,
    sample_size: int = 20000,
    scans: Sequence[str | Path] = (),
) -> None:
    """Fit the clustering on delivered latents of the train regions; write ``tokens/model.npz`` and ``stability.csv``.

    ``ensembles`` and ``regions`` are the files of the learned scans, in any order; ``basis`` and ``sample`` those of
    the latent step. The same number of pixels comes from each scan with train boxes, from each box in proportion to its
    size, ``sample_size`` in all. The scores keep the variance that the principal components gave them: whitening
    would let components that hold little but noise count as much as the leading ones.

    ``stability.csv`` compares ``latents`` with a ``baseline`` (k-means on the standardised denoised medians) and with
    ``null`` (latents of noise-only input, with a basis of their own), as mean adjusted Rand index over seeds, over
    halves of the sample and over halves of the members; then how far latent tokens agree with baseline tokens. With
    ``scans`` (standard files of the learned scans) the last row is the share of the reference's variance that lies
    between tokens. An empty field means not available.

    Raises ``InputError`` where no scan has a train box, files do not belong together or pixels are fewer than tokens.
    """
    if tokens < 1:
        raise InputError("at least one is needed", key="structure.tokens", value=tokens, remedy="give 1 or more")
    latent_basis, latent_sample = LatentBasis.load(basis), load_sample(sample)
    fit, draw, stability = np.random.SeedSequence(seed, spawn_key=(_STREAM,)).spawn(3)
    pixels = sample_pixels(ensembles, regions, scans, sample_size, np.random.default_rng(draw))
    if pixels.scores.shape[1] != latent_basis.n_components:
        raise InputError(
            f"the ensemble files hold {pixels.scores.shape[1]} latent scores, the basis {latent_basis.n_components}",
            file=basis,
            remedy="run the ensemble step again",
        )
    if latent_basis.member_sizes.tolist() != latent_sample.member_sizes.tolist():
        raise InputError("the sample comes from other members", file=sample, remedy="run the latent step again")
    distinct = len(np.unique(pixels.scores, axis=0))
    if distinct < tokens:
        raise InputError(
            f"the train regions give only {distinct} different latents",
            key="structure.tokens",
            value=tokens,
            remedy="ask for fewer tokens or sample more pixels (structure.sample)",
        )
    centres = fit_centres(pixels.scores, tokens, fit)
    labels = nearest_centre(pixels.scores, centres)
    brightness = standardise(pixels.medians).sum(axis=1)
    count = np.bincount(labels, minlength=tokens)
    intensity = np.bincount(labels, brightness, tokens) / np.maximum(count, 1)
    order = np.lexsort((*centres.T[::-1], intensity))
    model = TokenModel(
        centres[order],
        intensity[order],
        count[order] / len(labels),
        ORDER_RULE,
        latent_basis.digest,
        seed,
        pixels.scans,
    )
    rows = stability_rows(pixels, latent_basis, latent_sample, tokens, repeats, stability)
    model.save(output_model)
    write_table(output_stability, ("comparison", "latents", "baseline", "null"), rows, digits=6)
    logger.info(
        "%d tokens on %d pixels of %s; shares %s", tokens, len(labels), ", ".join(pixels.scans), model.share.round(3)
    )
