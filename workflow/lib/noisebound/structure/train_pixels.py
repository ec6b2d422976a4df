"""Pixels drawn from the train regions, with what the ensemble delivered there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of
from ..regions.regions import Regions

# Pixels per axis of the blocks that a sample is divided by. Halves hold whole blocks, as neighbours share their signal.
BLOCK = 16


@dataclass(frozen=True)
class TrainFiles:
    """Files of the scans, each kind in any order: they are matched by the name of the scan.

    Parameters
    ----------
    ensembles, regions
        File of the ensemble step and regions file of every scan.
    scans
        Standard files, which hold the references; empty where references do not matter.
    """

    ensembles: Sequence[str | Path]
    regions: Sequence[str | Path]
    scans: Sequence[str | Path] = ()


@dataclass(frozen=True, eq=False)
class DeliveredPixels:
    """What the ensemble delivered at N sampled pixels.

    Parameters
    ----------
    scores
        (N, K) float32, latent scores as stored.
    medians
        (N, C) float32, medians of the ensemble in the unit of the reference.
    members
        (M, N, C) float32, each member's median in the same unit; None where a file does not keep them.
    reference
        (N, C) float32, what the delivered frame is compared with; None where a scan has none.
    blocks
        (N, 1 + ndim) int64, number of the scan in ``scans`` and index of the pixel's 16 px block along each axis.
    scans
        Names of the scans.
    """

    scores: NDArray[np.float32]
    medians: NDArray[np.float32]
    members: NDArray[np.float32] | None
    reference: NDArray[np.float32] | None
    blocks: NDArray[np.int64]
    scans: tuple[str, ...]


def sample_pixels(files: TrainFiles, size: int, rng: np.random.Generator) -> DeliveredPixels:
    """Draw pixels of the train boxes and read what the ensemble delivered there.

    Every scan gives the same number of pixels, or all that its train boxes hold; each of its train pixels is as likely
    as any other. Files are read block by block, so that memory grows with ``size``, not with the scans.

    Parameters
    ----------
    files
        Files of the scans.
    size
        Pixels to draw, of all scans together.
    rng
        Draws them.

    Returns
    -------
    DeliveredPixels
        At most ``size`` pixels. It has a ``reference`` only where every scan has one.

    Raises
    ------
    InputError
        Where a file is unusable, a regions file is missing, no scan has a train box, or files do not belong together.
    """
    areas = {area.scan: area for area in map(Regions.read, files.regions)}
    with ExitStack() as stack:
        opened = [stack.enter_context(Predictions(path)) for path in files.ensembles]
        references = {scan.name: scan for scan in (stack.enter_context(Scan(path)) for path in files.scans)}
        trained = _trained_on(opened, areas)
        with_members = all(file.has_members for file in trained)
        with_reference = all(file.scan in references and references[file.scan].has_reference for file in trained)
        scores, medians, members, targets, blocks = [], [], [], [], []
        for number, file in enumerate(trained):
            for region, inside, coordinates in _draw(areas[file.scan], size // len(trained), rng):
                scores.append(_chosen(file.read_latent(region), inside))
                medians.append(_chosen(file.read("median", region), inside))
                if with_members:
                    members.append(
                        np.stack([_chosen(file.read_member(m, region), inside) for m in range(file.n_members)])
                    )
                if with_reference:
                    targets.append(_chosen(references[file.scan].read_target(file.frame, region), inside))
                blocks.append(np.insert(coordinates // BLOCK, 0, number, axis=1))
        return DeliveredPixels(
            np.concatenate(scores),
            np.concatenate(medians),
            np.concatenate(members, axis=1) if with_members else None,
            np.concatenate(targets) if with_reference else None,
            np.concatenate(blocks),
            tuple(file.scan for file in trained),
        )


def _trained_on(files: Sequence[Predictions], areas: Mapping[str, Regions]) -> list[Predictions]:
    """The files of scans with a train box, sorted by name; raises ``InputError`` where files do not belong together."""
    for file in files:
        if file.scan not in areas:
            raise InputError(
                f"no regions file for scan {file.scan!r}", file=file.path, remedy="pass the regions of every scan"
            )
    found = sorted((file for file in files if areas[file.scan].of("train")), key=lambda file: file.scan)
    if not found:
        raise InputError(
            "no scan has a train region to fit tokens on", key="role", remedy="give a scan the role train or split"
        )
    for file in found[1:]:
        if (file.channels, file.n_latent, file.ndim) != (found[0].channels, found[0].n_latent, found[0].ndim):
            raise InputError(
                f"channels, latents or dimensions differ from {found[0].path}",
                file=file.path,
                remedy="run the ensemble step again",
            )
    return found


def _draw(
    area: Regions, size: int, rng: np.random.Generator
) -> Iterator[tuple[tuple[slice, ...], NDArray[np.intp], NDArray[np.intp]]]:
    """Pixels drawn from the train boxes: region that holds them, flat indices inside it, coordinates in the scan."""
    boxes = area.of("train")
    counts = rng.multivariate_hypergeometric([box.size for box in boxes], min(size, sum(box.size for box in boxes)))
    for box, count in zip(boxes, counts, strict=True):
        chosen = np.sort(rng.choice(box.size, int(count), replace=False))
        coordinates = np.stack(np.unravel_index(chosen, box.shape), axis=1) + np.array(box.lower)
        for region in blocks_of(box.lower, box.upper):
            low, high = (np.array([getattr(part, end) for part in region]) for end in ("start", "stop"))
            here = coordinates[((coordinates >= low) & (coordinates < high)).all(axis=1)]
            if len(here):
                yield region, np.ravel_multi_index(tuple((here - low).T), tuple(high - low)), here


def _chosen(block: NDArray[np.float32], inside: NDArray[np.intp]) -> NDArray[np.float32]:
    """Values (n, C) of a block (C, *spatial) at flat indices (n,)."""
    values: NDArray[np.float32] = block.reshape(len(block), -1)[:, inside].T
    return values
