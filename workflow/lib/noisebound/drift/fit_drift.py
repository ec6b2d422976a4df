"""The step fit_drift: the calibrate regions of all scans, described so that further scans can be compared with them."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

from ..calibration.median_to_mean import Floats, fit_mean
from ..core.errors import InputError
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..regions.regions import Regions
from .block_statistics import IMAGE_STATISTICS, Doubles, describe_blocks, latent_scale
from .block_table import BlockTable, block_table
from .calibrated import Calibrated, FlatBlocks
from .expected import Expected, gains, shifted
from .local_images import NoisyFrame
from .local_usual import LocalUsual, fit_usual
from .residuals import Residuals, describe_residuals

logger = logging.getLogger("noisebound")
# The shift from median to mean is fitted on at most about so many pixels.
SHIFT_PIXELS = 1 << 20


class CalibrateScan(NamedTuple):
    """Files of a scan with a calibrate region, and its regions.

    Parameters
    ----------
    ensemble, scan
        File of the ensemble step and standard file.
    regions
        Its regions with their roles.
    """

    ensemble: str | Path
    scan: str | Path
    regions: Regions


def fit_drift(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    basis: str | Path,
    output: str | Path,
    *,
    block: int,
) -> None:
    """Describe all blocks of the calibrate regions and write ``drift/calibrated.npz`` (see ``Calibrated``).

    Parameters
    ----------
    ensembles, scans, regions
        Files of the scans, in the same order. Scans without a calibrate region are left out.
    basis
        File of the latent basis.
    output
        File to write.
    block
        Edge length of the blocks in pixels.

    Raises
    ------
    InputError
        Where a file is unusable or no scan has a calibrate region.
    """
    scale = latent_scale(basis)
    used, found = [], []
    for ensemble_path, scan_path, region_path in zip(ensembles, scans, regions, strict=True):
        area = Regions.read(region_path)
        if not area.of("calibrate"):
            continue
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            found.append(describe_blocks(scan, ensemble, area.of("calibrate"), block, scale))
            used.append(CalibrateScan(ensemble_path, scan_path, area))
            counts = scan.counts
    if not used:
        raise InputError(
            "no scan has a calibrate region", key="role", remedy="give a scan the role calibrate, or split one"
        )
    noisy_means = np.concatenate([blocks["image"][:, :, IMAGE_STATISTICS.index("mean")] for blocks in found])
    expected = fit_expected(used, noisy_means, np.concatenate([blocks["median"] for blocks in found]), counts, block)
    tables, parts = [], []
    for (ensemble_path, scan_path, area), blocks in zip(used, found, strict=True):
        boxes = area.of("calibrate")
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            parts.append(describe_residuals(scan, ensemble, None, boxes, block, expected))
            tables.append(block_table(scan, blocks, parts[-1].correlation, len(boxes) == len(area.boxes)))
    table, residuals = BlockTable.joined(tables), Residuals.joined(parts)
    flat = FlatBlocks(residuals.level[residuals.flat], residuals.pattern[residuals.flat])
    Calibrated(table, block, expected, flat, _usual(used, expected)).save(output)
    logger.info("%d blocks of %d fields of view calibrate", len(table), len(table.fields))


def fit_expected(
    used: Sequence[tuple[str | Path, str | Path, Regions]],
    noisy_means: Doubles,
    median_means: Doubles,
    counts: bool,
    block: int,
) -> Expected:
    """Fit what a denoised image predicts, on the calibrate regions of all scans together.

    One fit serves all scans. A fit to each scan alone could hide invented structure: in a scan without contrast, the
    structure itself would decide the gain.

    Parameters
    ----------
    used
        Ensemble file, standard file and regions (:class:`CalibrateScan`) of every scan with a calibrate region.
    noisy_means, median_means
        (N, C) float64, means of the noisy frame and of the ensemble's median over all blocks, in the order of ``used``.
    counts
        Whether values are counts.
    block
        Edge length of the blocks in pixels.

    Returns
    -------
    Expected
        With shift 0 where no scan has a reference.

    Notes
    -----
    The shift from median to mean is fitted to the references, whose noise is independent of the noisy frame, as the
    calibration of intervals fits it (``median_to_mean.fit_mean``), and then changed so that the mean never falls.
    """
    channels = noisy_means.shape[1]
    pixels = sum(box.size for *_, area in used for box in area.of("calibrate"))
    medians, targets = _thinned_pixels(used, block, math.ceil(pixels / SHIFT_PIXELS))
    knots = shift = np.zeros((channels, 1))
    if medians:
        knots, shift = rising_shift(np.concatenate(medians, axis=1), np.concatenate(targets, axis=1))
    means = []
    for ensemble_path, _, area in used:
        with Predictions(ensemble_path) as ensemble:
            for box in area.of("calibrate"):
                for row, blocks in blocks_of_box(box, block):
                    image = shifted(ensemble.read("median", row), knots, shift, counts)
                    means += [image[(slice(None), *inside)].reshape(channels, -1).mean(axis=1) for inside in blocks]
    return Expected(
        *gains(noisy_means, median_means, counts), knots, shift, *gains(noisy_means, np.array(means), counts)
    )


def _usual(used: Sequence[CalibrateScan], expected: Expected) -> LocalUsual:
    """Local deviations that the calibrate regions of all scans show."""
    with ExitStack() as stack:
        frames = []
        for files in used:
            boxes = files.regions.of("calibrate")
            scan = stack.enter_context(Scan(files.scan))
            ensemble = stack.enter_context(Predictions(files.ensemble))
            frames.append((NoisyFrame(scan, ensemble, boxes, expected), boxes))
        return fit_usual(frames)


def _thinned_pixels(
    used: Sequence[tuple[str | Path, str | Path, Regions]], block: int, step: int
) -> tuple[list[Floats], list[Floats]]:
    """Every ``step``-th pixel of the calibrate regions with a reference: medians and references, (C, n) each."""
    medians, targets = [], []
    for ensemble_path, scan_path, area in used:
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            if not scan.has_reference:
                continue
            for box in area.of("calibrate"):
                for row, _ in blocks_of_box(box, block):
                    channels = len(scan.channels)
                    medians.append(ensemble.read("median", row).reshape(channels, -1)[:, ::step])
                    targets.append(scan.read_target(ensemble.frame, row).reshape(channels, -1)[:, ::step])
    return medians, targets


def rising_shift(medians: Floats, targets: Floats) -> tuple[Doubles, Doubles]:
    """Knots and shift (C, M) of ``median_to_mean.fit_mean`` for pixels (C, n), changed so that the mean never falls.

    Where the mean hardly depends on the median, noise of the references could otherwise make it fall while the median
    rises, which would invert the contrast.
    """
    pairs = [fit_mean(median, target) for median, target in zip(medians, targets, strict=True)]
    longest = max(len(pair["median"]) for pair in pairs)
    knots, shift = (np.zeros((len(pairs), longest)) for _ in range(2))
    for c, pair in enumerate(pairs):
        own = np.array(pair["median"])
        means = isotonic_regression(own + pair["shift"]).x
        # Further knots with the last shift give all channels the same number of knots.
        knots[c] = own[-1] + 1 + np.arange(longest) - own.size
        knots[c, : own.size] = own
        shift[c] = means[-1] - own[-1]
        shift[c, : own.size] = means - own
    return knots, shift
