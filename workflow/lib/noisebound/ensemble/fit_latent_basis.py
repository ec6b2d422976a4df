"""The step fit_latent_basis: the basis of the latents, fitted on a sample of the train regions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.hardware import Hardware
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..geometry.tiling import Tile
from ..latent.basis import fit_basis
from ..latent.sample import LatentSample, save_sample
from ..regions.regions import Regions
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
    """

    members: Sequence[str | Path]
    architectures: Sequence[str | Path]
    scans: Sequence[str | Path]
    regions: Sequence[str | Path]
    basis: str | Path
    sample: str | Path


def fit_latent_basis(files: BasisFiles, *, settings: BasisSettings, hardware: Hardware | None = None) -> None:
    """Fit the common basis of all members' latents on train pixels, and keep the sample for measures of stability.

    Every scan with train boxes gives about equally many pixels; within a scan, each box gives pixels in proportion to
    its size. The sample also holds latents of noise-only input: images in which every pixel and channel is drawn on its
    own from the values of the box (of the part in the same tile). They have the same histograms and no structure.

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
    share = settings.sample_size / max(1, sum(bool(area.of("train")) for area in areas))
    drawn: dict[str, list[NDArray[Any]]] = {"latents": [], "null": [], "medians": [], "coordinates": [], "scan": []}
    names: list[str] = []
    for path, area in zip(files.scans, areas, strict=True):
        boxes = area.of("train")
        if not boxes:
            continue
        with Scan(path) as source:
            ensemble.check(source, path)
            frame = min(settings.frame, source.n_frames - 1)
            total = sum(box.size for box in boxes)
            for box in boxes:
                wanted = min(box.size, max(1, round(share * box.size / total)))
                for key, values in _sample_box(ensemble, source, frame, box, wanted, random).items():
                    drawn[key].append(values)
                drawn["scan"].append(np.full(wanted, len(names), dtype=np.int64))
        names.append(area.scan)
        logger.info("scan %s: latents of %d train boxes", area.scan, len(boxes))
    if not names:
        raise InputError("no scan has a train region", key="role", remedy="give a scan the role train or split")
    stacked = {key: np.concatenate(values) for key, values in drawn.items()}
    sizes = np.asarray(ensemble.latent_sizes, dtype=np.int64)
    fit_basis(stacked["latents"], list(sizes), settings.components).save(files.basis)
    save_sample(files.sample, LatentSample(member_sizes=sizes, scans=tuple(names), **stacked))


def _sample_box(
    ensemble: Ensemble, source: Scan, frame: int, box: Box, wanted: int, random: np.random.Generator
) -> dict[str, NDArray[Any]]:
    """Latents, medians and noise-only latents at ``wanted`` random pixels of one box, read tile by tile.

    The noise is drawn tile by tile, so it depends on the size of the tiles and with it on the memory that a job may
    take. That memory must therefore be the same in every run.
    """
    chosen = np.sort(random.choice(box.size, size=wanted, replace=False))
    coordinates = np.stack(np.unravel_index(chosen, box.shape), axis=1) + np.asarray(box.lower)
    latents = np.zeros((wanted, sum(ensemble.latent_sizes)), dtype=np.float32)
    null = np.zeros_like(latents)
    medians = np.zeros((wanted, source.n_channels), dtype=np.float32)
    for tile in exact_tiles(ensemble, source.shape, box.slices, ensemble.hardware.memory):
        starts = np.asarray([part.start for part in tile.keep])
        stops = np.asarray([part.stop for part in tile.keep])
        here = np.flatnonzero(((coordinates >= starts) & (coordinates < stops)).all(axis=1))
        if not len(here):
            continue
        image = tile.complete(source.read_frame(frame, tile.read))
        noise = _draw_noise(image[(slice(None), *_overlap(tile, box))], image.shape[1:], random)
        within = tuple((coordinates[here] - starts + [part.start for part in tile.inner]).T)
        first = 0
        for m, size in enumerate(ensemble.latent_sizes):
            for target, values in ((latents, image), (null, noise)):
                latent, quantiles = ensemble.member(m, values)
                target[here, first : first + size] = latent[(slice(None), *within)].T
                if target is latents:
                    medians[here] += quantiles[1][(slice(None), *within)].T / len(ensemble)
            first += size
    return {"latents": latents, "null": null, "medians": medians, "coordinates": coordinates.astype(np.int64)}


def _overlap(tile: Tile, box: Box) -> tuple[slice, ...]:
    """Find the common part of a box and of what a tile keeps, as slices of the tile's completed image."""
    sides = zip(tile.keep, tile.inner, box.lower, box.upper, strict=True)
    return tuple(
        slice(max(keep.start, low) - keep.start + inner.start, min(keep.stop, high) - keep.start + inner.start)
        for keep, inner, low, high in sides
    )


def _draw_noise(pool: Floats, shape: Sequence[int], random: np.random.Generator) -> Floats:
    """Draw an image (C, *shape) from the values of ``pool`` (C, *spatial), every pixel and channel on its own."""
    return np.stack([random.choice(channel.ravel(), size=tuple(shape)) for channel in pool])
