"""Pixels drawn from the train regions, with what the ensemble delivered there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

# Neighbouring pixels share their signal: halves of a sample are drawn as whole blocks of this many pixels per axis.
BLOCK = 16


@dataclass(frozen=True, eq=False)
class DeliveredPixels:
    """What the ensemble delivered at N sampled pixels.

    ``scores`` (N, K) float32 as stored; ``medians`` (N, C) float32, physical units; ``members`` (M, N, C) float32, each
    member's median, None where not kept; ``reference`` (N, C) float32, the delivered frame's target, None where not
    given; ``blocks`` (N, 1 + ndim) int64, scan number and block of 16 pixels; ``scans`` in that order.
    """

    scores: NDArray[np.float32]
    medians: NDArray[np.float32]
    members: NDArray[np.float32] | None
    reference: NDArray[np.float32] | None
    blocks: NDArray[np.int64]
    scans: tuple[str, ...]


def sample_pixels(
    ensembles: Sequence[str | Path],
    regions: Sequence[str | Path],
    scans: Sequence[str | Path],
    size: int,
    rng: np.random.Generator,
) -> DeliveredPixels:
    """Draw ``size`` pixels of the train boxes: equally many per scan, within a scan in proportion to the boxes.

    ``ensembles`` and ``regions`` are files in any order, matched by scan; ``scans``, standard files, give the reference
    where all of them have one. Reads region by region: memory grows with ``size``, not with the scans.

    Raises ``InputError`` where a regions file is missing, no scan has a train box, or files do not go together.
    """
    areas = {area.scan: area for area in map(Regions.read, regions)}
    with ExitStack() as stack:
        files = [stack.enter_context(Predictions(path)) for path in ensembles]
        references = {scan.name: scan for scan in (stack.enter_context(Scan(path)) for path in scans)}
        for file in files:
            if file.scan not in areas:
                raise InputError(
                    f"no regions file for scan {file.scan!r}", file=file.path, remedy="pass the regions of every scan"
                )
        files = sorted((file for file in files if areas[file.scan].of("train")), key=lambda file: file.scan)
        if not files:
            raise InputError(
                "no scan has a train region to fit tokens on", key="role", remedy="give a scan the role train or split"
            )
        for file in files[1:]:
            if (file.channels, file.n_latent, file.ndim) != (files[0].channels, files[0].n_latent, files[0].ndim):
                raise InputError(
                    f"channels, latents or dimensions differ from {files[0].path}",
                    file=file.path,
                    remedy="run the ensemble step again",
                )
        with_members = all(file.has_members for file in files)
        with_reference = all(file.scan in references and references[file.scan].has_reference for file in files)
        scores, medians, members, targets, blocks = [], [], [], [], []
        for number, file in enumerate(files):
            area = areas[file.scan]
            for region, inside, coordinates in _draw(area, size // len(files), rng):
                scores.append(file.read_latent(region).reshape(file.n_latent, -1)[:, inside].T)
                medians.append(file.read("median", region).reshape(len(file.channels), -1)[:, inside].T)
                if with_members:
                    parts = [file.read_member(m, region) for m in range(file.n_members)]
                    members.append(np.stack([part.reshape(len(part), -1)[:, inside].T for part in parts]))
                if with_reference:
                    target = references[file.scan].read_target(file.frame, region)
                    targets.append(target.reshape(len(target), -1)[:, inside].T)
                blocks.append(np.insert(coordinates // BLOCK, 0, number, axis=1))
        return DeliveredPixels(
            np.concatenate(scores),
            np.concatenate(medians),
            np.concatenate(members, axis=1) if with_members else None,
            np.concatenate(targets) if with_reference else None,
            np.concatenate(blocks),
            tuple(file.scan for file in files),
        )


def _draw(
    area: Regions, size: int, rng: np.random.Generator
) -> Iterator[tuple[tuple[slice, ...], NDArray[np.intp], NDArray[np.intp]]]:
    """Blocks of the train boxes with the drawn pixels: region, flat indices inside it, coordinates in the scan."""
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
