"""The error of tiles that overlap by less than the receptive radius, measured on a few tiles."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..files.scan import Scan
from ..geometry.tiling import Tile
from .combine import combine_members
from .members import Ensemble, exact_tiles
from .settings import EnsembleSettings

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")
# On how many tiles the error is measured.
MEASURED_TILES = 3


def measure_overlap(
    ensemble: Ensemble, source: Scan, pieces: Sequence[Tile], halo: Sequence[int], settings: EnsembleSettings
) -> dict[str, dict[str, float]]:
    """Compare tiles with a narrow halo with the exact prediction, on a few tiles of the delivered frame.

    The tiles are spread evenly over the scan. With the exact halo, a tile may need more memory than the job may take;
    it is then computed in parts, which gives the same numbers.

    Parameters
    ----------
    ensemble
        The members.
    source
        The scan.
    pieces
        All its tiles with the narrow halo.
    halo
        Pixels per axis that these tiles read beyond what they keep.
    settings
        The section ``ensemble``.

    Returns
    -------
    dict
        For each channel, in the units of the reference: ``rms`` and ``largest``, the root mean square and the largest
        absolute difference of the two medians, and ``width``, the mean width of the exact interval from lower to upper.
    """
    chosen = sorted({round(at) for at in np.linspace(0, len(pieces) - 1, MEASURED_TILES)})
    compared = [_compare(ensemble, source, pieces[number], settings) for number in chosen]
    difference, width = (np.concatenate(parts, axis=1) for parts in zip(*compared, strict=True))
    found = {}
    for c, channel in enumerate(source.channels):
        root = float(np.sqrt(np.mean(np.square(difference[c], dtype=np.float64))))
        largest, mean = float(np.abs(difference[c]).max()), float(width[c].mean(dtype=np.float64))
        found[channel] = {"rms": root, "largest": largest, "width": mean}
        logger.info(
            "overlap %s px instead of %s: on %d of %d tiles, the median of %s differs by %.3g (root mean square), "
            "%.3g at most; the interval is %.3g wide before calibration",
            tuple(halo),
            ensemble.halo,
            len(chosen),
            len(pieces),
            channel,
            root,
            largest,
            mean,
        )
    return found


def _compare(ensemble: Ensemble, source: Scan, tile: Tile, settings: EnsembleSettings) -> tuple[Floats, Floats]:
    """Differences of the medians (narrow minus exact) and exact widths of one tile, (C, pixels) each."""

    def predict(part: Tile) -> tuple[Floats, Floats, Floats]:
        image = part.complete(source.read_frame(settings.frame, part.read))
        return combine_members(ensemble, image, part.inner, None, settings.levels, settings.combine).quantiles

    narrow = predict(tile)[1]
    differences, widths = [], []
    for part in exact_tiles(ensemble, source.shape, tile.keep, ensemble.hardware.memory):
        lower, median, upper = predict(part)
        within = (
            slice(small.start - large.start, small.stop - large.start)
            for small, large in zip(part.keep, tile.keep, strict=True)
        )
        differences.append((narrow[(slice(None), *within)] - median).reshape(len(median), -1))
        widths.append((upper - lower).reshape(len(median), -1))
    return np.concatenate(differences, axis=1), np.concatenate(widths, axis=1)
