"""How far tiles must overlap where convolutions are not exact at borders: measured, not assumed."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..files.scan import Scan
from ..geometry.tiling import Tile
from .combine import combine_members
from .members import Ensemble, exact_tiles

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")
# On how many tiles the error of a narrow overlap is measured.
MEASURED_TILES = 3


def measure_overlap(
    ensemble: Ensemble,
    source: Scan,
    frame: int,
    cuts: Sequence[Tile],
    halo: Sequence[int],
    memory: int,
    levels: Sequence[float],
    combine: str,
) -> dict[str, dict[str, float]]:
    """What a ``halo`` narrower than the receptive radius changes, on a few tiles spread evenly over ``cuts``.

    With the exact halo, a tile may need more than ``memory``: it is then computed in parts, which leave no trace.
    Returns, for each channel, ``rms`` and ``largest`` difference of the median to that with the exact halo, and the
    mean ``width`` of the exact interval from lower to upper, all in the unit of the reference.
    """

    def predict(tile: Tile) -> tuple[Floats, Floats, Floats]:
        image = tile.complete(source.read_frame(frame, tile.read))
        return combine_members(ensemble, image, tile.inner, None, levels, combine)[0]

    chosen = sorted({round(at) for at in np.linspace(0, len(cuts) - 1, MEASURED_TILES)})
    differences, widths = [], []
    for tile in (cuts[number] for number in chosen):
        narrow = predict(tile)[1]
        for part in exact_tiles(ensemble, source.shape, tile.keep, memory):
            lower, median, upper = predict(part)
            within = (
                slice(small.start - large.start, small.stop - large.start)
                for small, large in zip(part.keep, tile.keep, strict=True)
            )
            differences.append((narrow[(slice(None), *within)] - median).reshape(len(median), -1))
            widths.append((upper - lower).reshape(len(median), -1))
    difference, width = np.concatenate(differences, axis=1), np.concatenate(widths, axis=1)
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
            len(cuts),
            channel,
            root,
            largest,
            mean,
        )
    return found
