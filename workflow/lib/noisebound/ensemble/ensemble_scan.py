"""The step ensemble_scan: all members over one scan in a single pass, tile by tile."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.hardware import Hardware
from ..files.prediction_writers import PredictionsWriter, create_predictions
from ..files.scan import Scan
from ..geometry.tiling import Tile, tiles
from ..latent.basis import LatentBasis
from .combine import TilePrediction, combine_members
from .members import Ensemble, tile_size
from .overlap import measure_overlap
from .settings import EnsembleSettings
from .streaming import stream

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")


@dataclass(frozen=True)
class EnsembleFiles:
    """The files of one scan's ensemble.

    Parameters
    ----------
    members, architectures
        Matching lists of ``members/member-<m>.pt`` and ``architectures/member-<m>.json``.
    basis
        ``latent/basis.npz``.
    scan
        ``scans/<scan>.h5``.
    output
        Output: ``ensemble/<scan>.h5``.
    """

    members: Sequence[str | Path]
    architectures: Sequence[str | Path]
    basis: str | Path
    scan: str | Path
    output: str | Path


def ensemble_scan(
    files: EnsembleFiles, *, settings: EnsembleSettings, counts: bool, hardware: Hardware | None = None
) -> None:
    """Apply all members to one scan and write ``ensemble/<scan>.h5``.

    The delivered frame gets quantiles, spread and scores of the latents. In a scan with a reference, every other frame
    gets quantiles too, each predicted on its own, because calibration and evaluation are about single frames. While one
    tile is computed, the next one is read and the last one is written. Where tiles overlap by less than the receptive
    radius, the error that this causes is measured, logged and written beside the images.

    Parameters
    ----------
    files
        Inputs and output.
    settings
        The section ``ensemble``.
    counts
        Whether intensities are counts.
    hardware
        What to compute on; by default that of this machine.

    Raises
    ------
    InputError
        Where members do not fit together, the basis was fitted on other members, the scan has other dimensions or
        channels than the members, the delivered frame does not exist, or ``tile`` has not one length per axis.
    """
    ensemble = Ensemble(files.members, files.architectures, settings.orientations, hardware)
    basis = LatentBasis.load(files.basis)
    if list(basis.member_sizes) != ensemble.latent_sizes:
        raise InputError("fitted on other members", file=files.basis, remedy="run the step fit_latent_basis again")
    with Scan(files.scan) as source:
        ensemble.check(source, files.scan)
        if not 0 <= settings.frame < source.n_frames:
            raise InputError(
                f"the scan has {source.n_frames} frames, numbered from 0",
                file=files.scan,
                key="ensemble.frame",
                value=settings.frame,
                remedy="deliver a frame that exists",
            )
        with _create(files.output, source, ensemble, basis, settings, counts) as writer:
            _Pass(ensemble, basis, source, settings, writer).run()


def _create(
    output: str | Path,
    source: Scan,
    ensemble: Ensemble,
    basis: LatentBasis,
    settings: EnsembleSettings,
    counts: bool,
) -> AbstractContextManager[PredictionsWriter]:
    """Create the file of predictions, to be written tile by tile."""
    return create_predictions(
        output,
        scan=source.name,
        channels=source.channels,
        pixel_size=source.pixel_size,
        pixel_unit=source.pixel_unit,
        shape=source.shape,
        levels=(settings.levels[0], 0.5, settings.levels[1]),
        frame=settings.frame,
        n_frames=source.n_frames if source.has_reference else 0,
        n_members=len(ensemble),
        n_latent=basis.n_components,
        counts=counts,
        keep_members=settings.keep_members and source.has_reference,
    )


class _Pass:
    """One pass over all tiles of all frames that are predicted.

    A piece of work is the number of a frame and a tile.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        basis: LatentBasis,
        source: Scan,
        settings: EnsembleSettings,
        writer: PredictionsWriter,
    ) -> None:
        self.ensemble, self.basis, self.source = ensemble, basis, source
        self.settings, self.writer = settings, writer
        self.tiles: list[Tile] = []
        self.variances = np.zeros((2, source.n_channels))

    def run(self) -> None:
        """Predict and write all pieces."""
        source, ensemble = self.source, self.ensemble
        halo = _halo(self.settings.overlap, ensemble.halo)
        size = tile_size(self.settings.tile, ensemble, source.shape, halo, ensemble.hardware.memory)
        self.tiles = list(tiles(source.shape, size, halo, ensemble.alignment))
        logger.info("scan %s: %d tiles of up to %s px, overlap %s px", source.name, len(self.tiles), size, halo)
        if halo != ensemble.halo:
            error = measure_overlap(ensemble, source, self.tiles, halo, self.settings)
            self.writer.set_overlap_error(error)
        frames = range(source.n_frames) if source.has_reference else [self.settings.frame]
        stream([(k, tile) for k in frames for tile in self.tiles], self.read, self.predict, self.write)
        self.writer.set_uncertainty(_uncertainty(self.variances / math.prod(source.shape), source.channels))

    def read(self, piece: tuple[int, Tile]) -> Floats:
        """Read the raw image of a piece with its halo, (C, *tile)."""
        k, tile = piece
        return tile.complete(self.source.read_frame(k, tile.read))

    def predict(self, piece: tuple[int, Tile], image: Floats) -> TilePrediction:
        """Predict a piece with all members; latents only for the delivered frame."""
        k, tile = piece
        basis = self.basis if k == self.settings.frame else None
        return combine_members(self.ensemble, image, tile.inner, basis, self.settings.levels, self.settings.combine)

    def write(self, piece: tuple[int, Tile], found: TilePrediction) -> None:
        """Write the images of a piece and add up its variances."""
        k, tile = piece
        if self.source.has_reference:
            self.writer.write_frame(k, tile.keep, *found.quantiles)
        if k == self.settings.frame and found.scores is not None:
            self.writer.write(tile.keep, *found.quantiles, found.spread)
            self.writer.write_latent(tile.keep, found.scores)
            self.variances += found.variances
            if self.settings.keep_members and self.source.has_reference:
                for m, median in enumerate(found.medians):
                    self.writer.write_member(m, tile.keep, median)
        if tile is self.tiles[-1]:
            logger.info("scan %s: frame %d of %d", self.source.name, k + 1, self.source.n_frames)


def _uncertainty(variances: NDArray[np.float64], channels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Square roots of the mean variances by channel.

    Six digits, so that the order in which tiles are added up does not matter.
    """
    return {
        name: {
            kind: float(f"{math.sqrt(variances[row, c]):.6g}") for row, kind in enumerate(("aleatoric", "epistemic"))
        }
        for c, name in enumerate(channels)
    }


def _halo(overlap: str | int, exact: tuple[int, ...]) -> tuple[int, ...]:
    """Pixels per axis that tiles read beyond what they keep: ``overlap``, but never more than the receptive radius."""
    return exact if isinstance(overlap, str) else tuple(min(overlap, rim) for rim in exact)
