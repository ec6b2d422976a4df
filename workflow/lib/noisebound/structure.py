"""Tokens: one clustering of the latents for all scans, its stability, and the label map of a scan."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

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
from .errors import InputError
from .labelstats import LabelStatistics, label_statistics
from .latent import LatentBasis, LatentSample, fit_basis, load_sample, read_arrays, write_arrays
from .logs import logger
from .predictions import Predictions
from .sampling import DeliveredPixels, blocks_of, sample_pixels
from .storage import atomic_path
from .tables import write_table
from .texts import one_line

ORDER_RULE = (
    "ascending mean over the token's pixels of the sum over channels of (median - mean) / sd: token 0 is darkest"
)
QUANTILES = {"q05": 0.05, "median": 0.5, "q95": 0.95}

# Keeps these random streams apart from those of the members, which use spawn keys (0,), (1,), ...
_STREAM = 20_000_001
# ImageJ's TIFF variant cannot hold more; larger label maps become BigTIFF.
_IMAGEJ_LIMIT = 2**31


@dataclass(frozen=True, eq=False)
class TokenModel:
    """The fitted clustering, applied alike to every scan.

    ``centres`` (T, K) float64 in units of the stored scores, in token order; ``intensity`` (T,) float64, the value the
    order goes by; ``share`` (T,) float64, share of the sampled pixels; ``order`` the rule in words; ``basis`` digest of
    the latent basis; ``seed`` of the run; ``scans`` whose train regions were sampled.
    """

    centres: NDArray[np.float64]
    intensity: NDArray[np.float64]
    share: NDArray[np.float64]
    order: str
    basis: str
    seed: int
    scans: tuple[str, ...]

    def assign(self, scores: NDArray) -> NDArray[np.intp]:
        """Tokens (*spatial) of scores (K, *spatial): the nearest centre, each pixel on its own."""
        flat = scores.reshape(len(scores), -1).T
        return nearest_centre(flat, self.centres).reshape(scores.shape[1:])

    def save(self, path: str | Path) -> None:
        """Write as npz, atomically; the same model gives the same bytes."""
        write_arrays(
            path,
            {
                "centres": self.centres,
                "intensity": self.intensity,
                "share": self.share,
                "order": np.array(self.order),
                "basis": np.array(self.basis),
                "seed": np.array(str(self.seed)),
                "scans": np.asarray(self.scans, dtype=np.str_),
            },
        )

    @classmethod
    def load(cls, path: str | Path) -> TokenModel:
        """Read a model. Raises ``InputError`` where the file is missing, damaged or inconsistent."""
        found = read_arrays(path, ["centres", "intensity", "share", "order", "basis", "seed", "scans"])
        centres = found["centres"]
        if centres.ndim != 2 or len(centres) == 0 or not np.isfinite(centres).all():
            raise InputError("the centres are unusable", file=path, remedy="delete it and run the step again")
        return cls(
            centres,
            found["intensity"],
            found["share"],
            str(found["order"]),
            str(found["basis"]),
            int(str(found["seed"])),
            tuple(str(name) for name in found["scans"]),
        )


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
    rows = _stability(pixels, latent_basis, latent_sample, tokens, repeats, stability)
    model.save(output_model)
    write_table(output_stability, ("comparison", "latents", "baseline", "null"), rows, digits=6)
    logger.info(
        "%d tokens on %d pixels of %s; shares %s", tokens, len(labels), ", ".join(pixels.scans), model.share.round(3)
    )


def _stability(
    pixels: DeliveredPixels,
    basis: LatentBasis,
    sample: LatentSample,
    tokens: int,
    repeats: int,
    seed: np.random.SeedSequence,
) -> list[tuple[str, float, float, float]]:
    """The rows of ``stability.csv``."""
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
    """A fresh sequence with the same stream: spawning changes a sequence, and comparisons share their draws."""
    return np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key)


def segment_scan(ensemble: str | Path, model: str | Path, output_tif: str | Path, output_csv: str | Path) -> None:
    """Give every pixel of a scan its token; write the label TIFF and the statistics per token.

    The TIFF has the scan's shape (YX or ZYX), uint8 (uint16 for more than 256 tokens), with axes and pixel size as
    ImageJ reads them. The CSV has one row per token: token, pixels, fraction, area and its unit (pixel area or volume
    in the scan's unit), then mean, sd, q05, median and q95 of the denoised median of each channel, empty for an absent
    token. Works block by block: memory does not grow with the scan.

    Raises ``InputError`` where the files are unusable or do not belong together.
    """
    tokens = TokenModel.load(model)
    count = len(tokens.centres)
    dtype = np.uint8 if count <= 256 else np.uint16
    with Predictions(ensemble) as file, atomic_path(output_tif) as temporary:
        if file.n_latent != tokens.centres.shape[1]:
            raise InputError(
                f"the file holds {file.n_latent} latent scores, the token model expects {tokens.centres.shape[1]}",
                file=ensemble,
                remedy="run the ensemble step again with the latent basis the tokens were fitted on",
            )
        image = _create_label_tiff(temporary, file, np.dtype(dtype))
        regions = list(blocks_of((0,) * file.ndim, file.shape))
        for region in regions:
            image[region] = tokens.assign(file.read_latent(region))
        image.flush()

        def blocks() -> Iterator[tuple[NDArray, NDArray[np.float32]]]:
            for region in regions:
                values = file.read("median", region)
                yield np.asarray(image[region]).astype(np.intp).reshape(-1), values.reshape(len(values), -1)

        statistics = label_statistics(blocks, count, len(file.channels), list(QUANTILES.values()))
        _write_statistics(output_csv, statistics, file)


def _create_label_tiff(path: Path, file: Predictions, dtype: np.dtype) -> np.memmap:
    """An empty, uncompressed label TIFF mapped into memory, so that it can be filled in any order."""
    unit = imagej_unit(file.pixel_unit)
    axes = "YX" if file.ndim == 2 else "ZYX"
    metadata: dict[str, object] = {"axes": axes, "unit": unit}
    if file.ndim == 3:
        metadata["spacing"] = file.pixel_size[0]
    return tifffile.memmap(
        path,
        shape=file.shape,
        dtype=dtype,
        imagej=math.prod(file.shape) * dtype.itemsize < _IMAGEJ_LIMIT,
        resolution=(1 / file.pixel_size[-1], 1 / file.pixel_size[-2]),
        metadata=metadata,
    )


def imagej_unit(unit: str) -> str:
    """A unit as ImageJ writes it into files, in ASCII: um for µm, and "\\u00C5" for other characters beyond."""
    plain = one_line(unit).replace("µ", "u").replace("μ", "u")
    # ImageJ parts its lines at line breaks and knows no character beyond the first 65536.
    return "".join(c if c.isascii() else f"\\u{ord(c):04X}" if ord(c) < 1 << 16 else "?" for c in plain)


def _write_statistics(path: str | Path, statistics: LabelStatistics, file: Predictions) -> None:
    names = ("mean", "sd", *QUANTILES)
    header = ["token", "pixels", "fraction", "area", "unit"]
    header += [f"{channel}_{name}" for channel in file.channels for name in names]
    total, pixel = math.prod(file.shape), math.prod(file.pixel_size)
    rows: list[Sequence[object]] = []
    for token, pixels in enumerate(statistics.count.tolist()):
        values = np.stack([statistics.mean[token], statistics.sd[token], *statistics.quantiles[:, token]], axis=1)
        rows.append(
            [
                token,
                pixels,
                pixels / total,
                pixels * pixel,
                f"{file.pixel_unit}^{file.ndim}",
                *values.reshape(-1).tolist(),
            ]
        )
    write_table(path, header, rows, digits=6)
