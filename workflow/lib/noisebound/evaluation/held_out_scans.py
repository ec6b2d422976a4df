"""The test regions of all scans, with the errors of Gaussian filters there."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ..calibration.intervals import Calibration
from ..calibration.predicted_scans import PredictedScans
from .cells import CellSums
from .gaussian import gaussian_errors
from .held_out import HeldOut, load_held_out

logger = logging.getLogger("noisebound")


@dataclass(frozen=True)
class HeldOutScan:
    """The held-out regions of one scan, with the errors of Gaussian filters there.

    Attributes
    ----------
    regions
        Its held-out regions.
    gaussian
        Sums of squared errors of the filters over the cells of each region, (len(SIGMAS), C, *cells) each, in squared
        units of the reference.
    """

    regions: list[HeldOut]
    gaussian: list[CellSums]


def load_held_out_scans(
    scans: PredictedScans, calibration: Calibration, block: int, montages: Collection[str]
) -> dict[str, HeldOutScan]:
    """Read the test regions of all scans.

    Parameters
    ----------
    scans
        Files of the scans; scans without test regions are left out.
    calibration
        The corrections.
    block
        Side of a block in px.
    montages
        Names of the scans whose boxes are images of their own.

    Returns
    -------
    dict
        The held-out regions by name of the scan.

    Raises
    ------
    InputError
        Where a test region has no reference, or the channels are not the calibrated ones.
    """
    found: dict[str, HeldOutScan] = {}
    tokens = scans.token_maps
    for predictions, scan, regions in scans.with_role("test"):
        calibration.check_channels(predictions.channels, predictions.path)
        boxes = regions.of("test")
        held_out = load_held_out(
            predictions,
            scan,
            boxes,
            tokens.get(scan.name),
            block,
            only_delivered=calibration.by_token,
            montage=scan.name in montages,
            slopes=calibration.signal is not None,
        )
        spatial = tuple(range(1, held_out[0].target.ndim))
        pixels = sum(region.target[0].size for region in held_out)
        mean = np.sum([region.target.sum(axis=spatial, dtype=np.float64) for region in held_out], axis=0) / pixels
        found[scan.name] = HeldOutScan(held_out, gaussian_errors(scan, boxes, mean))
        logger.info("scan %s: %d test boxes, %d pixels over all frames", scan.name, len(boxes), pixels)
    return found
