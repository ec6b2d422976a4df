"""The step fit_latent_basis: the basis of the latents, fitted on a sample of the train regions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.hardware import Hardware
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..geometry.tiling import Tile
from ..latent.basis import fit_basis
from ..latent.frames import save_pairs
from ..latent.sample import LatentSample, save_sample
from ..regions.regions import Regions
from .frame_pairs import draw_noise, draw_pairs
from .members import Ensemble, exact_tiles
from .settings import BasisSettings

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")


@dataclass(frozen=True)
class BasisFiles:
    """The files of the latent basis.

    Parameters
    ----------
    members, architectures
        Matching lists of ``members/member-<m>.pt`` and ``architectures/member-<m>.json``.
    scans, regions
        Matching lists of ``scans/<scan>.h5`` and ``regions/<scan>.json``.
    basis
        Output: ``latent/basis.npz``.
    sample
        Output: ``latent/sample.npz``, the pixels that the basis was fitted on.
    frames
        Output: ``latent/frames.npz``, two independent frames at held-out pixels.
    """

    members: Sequence[str | Path]
    architectures: Sequence[str | Path]
    scans: Sequence[str | Path]
    regions: Sequence[str | Path]
    basis: str | Path
    sample: str | Path
    frames: str | Path


def fit_latent_basis(files: BasisFiles, *, settings: BasisSettings, hardware: Hardware | None = None) -> None:
    """Fit the common basis of all members' latents on train pixels, and keep what tells how far to trust it.

    Every scan with train boxes gives about equally many pixels; within a scan, each box gives pixels in proportion to
    its size. The sample also holds latents of noise-only input at the same pixels: images in which every pixel and
    channel is drawn on its own from the values at all sampled pixels. They have the same histograms and no structure,
    not even differences between boxes or scans.

    Nothing but train pixels enters the basis and the sample. The pairs of frames, which :func:`frame_pairs.draw_pairs`
    predicts, come from pixels of other roles; they shape nothing and only tell what the tokens are worth.

    Parameters
    ----------
    files
        Inputs and outputs.
    settings
        How the basis is fitted.
    hardware
        What to compute on; by default that of this machine.

    Raises
    ------
    InputError
        Where no scan has a train region, where a scan has other dimensions or channels than the members, and where no
        basis can be fitted (see ``latent.basis.fit_basis``).
    """
    random = np.random.default_rng(np.random.SeedSequence(settings.seed, spawn_key=(2**31,)))
    ensemble = Ensemble(files.members, files.architectures, hardware=hardware)
    areas = [Regions.read(path) for path in files.regions]
    sample, pool = _draw_sample(ensemble, files.scans, areas, settings, random)
    basis = fit_basis(sample.latents, sample.member_sizes.tolist(), settings.components)
    pairs = draw_pairs(ensemble, files.scans, areas, basis, sample, pool, settings)
    basis.save(files.basis)
    save_sample(files.sample, sample)
    save_pairs(files.frames, pairs)


@dataclass(frozen=True)
class _Place:
    """Sampled pixels of one box: number of the scan, its spatial shape, the box, and coordinates (n, ndim) int64."""

    number: int
    shape: tuple[int, ...]
    box: Box
    coordinates: NDArray[np.int64]


@dataclass(frozen=True)
class _Found:
    """Latents (n, D), medians (n, C) and raw values (n, C) at the pixels of a place."""

    latents: Floats
    medians: Floats
    values: Floats


def _draw_sample(
    ensemble: Ensemble,
    scans: Sequence[str | Path],
    areas: Sequence[Regions],
    settings: BasisSettings,
    random: np.random.Generator,
) -> tuple[LatentSample, Floats]:
    """The sample of all train regions, and the raw values (C, N) at its pixels, which the noise is drawn from."""
    share = settings.sample_size / max(1, sum(bool(area.of("train")) for area in areas))
    places: list[_Place] = []
    found: list[_Found] = []
    names: list[str] = []
    for path, area in zip(scans, areas, strict=True):
        if not area.of("train"):
            continue
        with Scan(path) as source:
            ensemble.check(source, path)
            frame = min(settings.frame, source.n_frames - 1)
            own = _draw_places(area, len(names), share, random)
            found += [_read_place(ensemble, source, frame, place) for place in own]
            places += own
        names.append(area.scan)
        logger.info("scan %s: latents of %d train boxes", area.scan, len(own))
    if not names:
        raise InputError("no scan has a train region", key="role", remedy="give a scan the role train or split")
    pool = np.concatenate([part.values for part in found]).T
    null = [_predict(ensemble, place, lambda tile: draw_noise(pool, tile.completed, random)) for place in places]
    sample = LatentSample(
        latents=np.concatenate([part.latents for part in found]),
        null=np.concatenate([part.latents for part in null]),
        medians=np.concatenate([part.medians for part in found]),
        member_sizes=np.asarray(ensemble.latent_sizes, dtype=np.int64),
        coordinates=np.concatenate([place.coordinates for place in places]),
        scan=np.repeat([place.number for place in places], [len(place.coordinates) for place in places]),
        scans=tuple(names),
    )
    return sample, pool


def _draw_places(area: Regions, number: int, share: float, random: np.random.Generator) -> list[_Place]:
    """Draw about ``share`` pixels from the train boxes of a scan."""
    boxes = area.of("train")
    total = sum(box.size for box in boxes)
    places = []
    for box in boxes:
        wanted = min(box.size, max(1, round(share * box.size / total)))
        chosen = np.sort(random.choice(box.size, size=wanted, replace=False))
        coordinates = np.stack(np.unravel_index(chosen, box.shape), axis=1) + np.asarray(box.lower)
        places.append(_Place(number, area.shape, box, coordinates.astype(np.int64)))
    return places


def _read_place(ensemble: Ensemble, source: Scan, frame: int, place: _Place) -> _Found:
    """Predict the pixels of a place in a frame of its scan."""
    return _predict(ensemble, place, lambda tile: tile.complete(source.read_frame(frame, tile.read)))


def _predict(ensemble: Ensemble, place: _Place, image_of: Callable[[Tile], Floats]) -> _Found:
    """Predict the pixels of a place tile by tile; ``image_of`` gives the completed image of a tile.

    Noise is drawn tile by tile, so it depends on the size of the tiles and with it on the memory that a job may take.
    That memory must therefore be the same in every run.
    """
    coordinates, channels = place.coordinates, ensemble.in_channels
    latents = np.zeros((len(coordinates), sum(ensemble.latent_sizes)), dtype=np.float32)
    medians, raw = (np.zeros((len(coordinates), channels), dtype=np.float32) for _ in range(2))
    for tile in exact_tiles(ensemble, place.shape, place.box.slices, ensemble.hardware.memory):
        starts = np.asarray([part.start for part in tile.keep])
        stops = np.asarray([part.stop for part in tile.keep])
        here = np.flatnonzero(((coordinates >= starts) & (coordinates < stops)).all(axis=1))
        if not len(here):
            continue
        image = image_of(tile)
        within = (slice(None), *(coordinates[here] - starts + [part.start for part in tile.inner]).T)
        raw[here] = image[within].T
        first = 0
        for m, size in enumerate(ensemble.latent_sizes):
            latent, quantiles = ensemble.member(m, image)
            latents[here, first : first + size] = latent[within].T
            medians[here] += quantiles[1][within].T / len(ensemble)
            first += size
    return _Found(latents, medians, raw)
