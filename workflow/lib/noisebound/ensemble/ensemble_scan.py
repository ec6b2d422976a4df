"""The step ensemble_scan: all members over one scan in a single pass, tile by tile."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.hardware import Hardware
from ..files.prediction_writers import create_predictions
from ..files.scan import Scan
from ..geometry.tiling import Tile, tiles
from ..latent.basis import LatentBasis
from .combine import TilePrediction, combine_members
from .members import Ensemble, _tile_size
from .overlap import measure_overlap
from .streaming import stream

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")


def ensemble_scan(
    members: Sequence[str | Path],
    architectures: Sequence[str | Path],
    basis: str | Path,
    scan: str | Path,
    output: str | Path,
    *,
    settings: Mapping[str, Any],
    counts: bool,
    hardware: Hardware | None = None,
) -> None:
    """Apply all members to one scan and write ``ensemble/<scan>.h5``.

    The delivered frame (``settings["frame"]``) gets quantiles, spread and latents. A scan with a reference also gets
    the quantiles of every other frame, each predicted on its own, because calibration and evaluation are about single
    frames. ``settings`` further holds ``tile`` (px per axis, or "auto": by ``usable_memory``), ``overlap`` (px, or
    "exact"), ``orientations``, ``combine``, ``keep_members`` and ``levels``. The next tile is read and the last one
    written while one is computed. Where the overlap is narrower than the receptive radius, its error is measured,
    logged and written beside the images.

    Raises ``InputError`` where the scan does not fit the members, or has no frame of that number.
    """
    ensemble = Ensemble(members, architectures, int(settings["orientations"]), hardware)
    projection = LatentBasis.load(basis)
    if list(projection.member_sizes) != ensemble.latent_sizes:
        raise InputError("fitted on other members", file=basis, remedy="run the step fit_latent_basis again")
    with Scan(scan) as source:
        ensemble.check(source, scan)
        delivered = int(settings["frame"])
        if not 0 <= delivered < source.n_frames:
            raise InputError(
                f"the scan has {source.n_frames} frames, numbered from 0",
                file=scan,
                key="ensemble.frame",
                value=delivered,
                remedy="deliver a frame that exists",
            )
        levels, combine = settings["levels"], str(settings.get("combine", "average"))
        with create_predictions(
            output,
            scan=source.name,
            channels=source.channels,
            pixel_size=source.pixel_size,
            pixel_unit=source.pixel_unit,
            shape=source.shape,
            levels=(levels[0], 0.5, levels[1]),
            frame=delivered,
            n_frames=source.n_frames if source.has_reference else 0,
            n_members=len(ensemble),
            n_latent=projection.n_components,
            counts=counts,
            keep_members=bool(settings["keep_members"]) and source.has_reference,
        ) as writer:
            frames = range(source.n_frames) if source.has_reference else [delivered]
            halo = _halo(settings["overlap"], ensemble.halo)
            memory = ensemble.hardware.memory
            size = _tile_size(settings["tile"], ensemble, source.shape, halo, memory)
            cuts = list(tiles(source.shape, size, halo, ensemble.alignment))
            logger.info("scan %s: %d tiles of up to %s px, overlap %s px", source.name, len(cuts), size, halo)
            if halo != ensemble.halo:
                error = measure_overlap(ensemble, source, delivered, cuts, halo, memory, levels, combine)
                writer.set_overlap_error(error)
            pieces = [(k, tile) for k in frames for tile in cuts]
            variances = np.zeros((2, source.n_channels))

            def read(piece: tuple[int, Tile]) -> Floats:
                k, tile = piece
                return tile.complete(source.read_frame(k, tile.read))

            def predict(piece: tuple[int, Tile], image: Floats) -> TilePrediction:
                k, tile = piece
                basis_of = projection if k == delivered else None
                return combine_members(ensemble, image, tile.inner, basis_of, levels, combine)

            def write(piece: tuple[int, Tile], found: TilePrediction) -> None:
                k, tile = piece
                quantiles, spread, scores, medians, sums = found
                if source.has_reference:
                    writer.write_frame(k, tile.keep, *quantiles)
                if k == delivered and scores is not None:
                    writer.write(tile.keep, *quantiles, spread)
                    writer.write_latent(tile.keep, scores)
                    variances[:] += sums
                    if settings["keep_members"] and source.has_reference:
                        for m, median in enumerate(medians):
                            writer.write_member(m, tile.keep, median)
                if tile is cuts[-1]:
                    logger.info("scan %s: frame %d of %d", source.name, k + 1, source.n_frames)

            stream(pieces, read, predict, write)
            writer.set_uncertainty(_uncertainty(variances / math.prod(source.shape), source.channels))


def _uncertainty(variances: NDArray[np.float64], channels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Root mean variances by channel, to six digits: in which order tiles were added up must leave no trace."""
    return {
        name: {
            kind: float(f"{math.sqrt(variances[row, c]):.6g}") for row, kind in enumerate(("aleatoric", "epistemic"))
        }
        for c, name in enumerate(channels)
    }


def _halo(overlap: Any, exact: tuple[int, ...]) -> tuple[int, ...]:
    """Pixels per axis that tiles read beyond what they keep; never more than the networks can see."""
    return exact if overlap == "exact" else tuple(min(int(overlap), rim) for rim in exact)
