"""The step fit_drift: what scans like those that calibrated look like, to compare others with."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import isotonic_regression

from ..calibration.median_to_mean import Floats, fit_mean
from ..core.arrays import write_arrays
from ..core.errors import InputError
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.blocks import blocks_of_box
from ..regions.regions import Regions
from .block_statistics import IMAGE_STATISTICS, BlockTable, Doubles, block_table, describe_blocks, latent_scale
from .residuals import Expected, Residuals, describe_residuals, gains, shifted

logger = logging.getLogger("noisebound")
# Pixels of the calibrate regions behind the shift from median to mean, at most about so many.
SHIFT_PIXELS = 1 << 20


def fit_drift(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    basis: str | Path,
    output: str | Path,
    *,
    block: int,
) -> None:
    """Describe all blocks, ``block`` px wide, of the calibrate regions and write them as npz (see ``BlockTable``).

    ``ensembles``, ``scans`` and ``regions`` are parallel. Raises ``InputError`` where no scan has a calibrate region.
    """
    scale = latent_scale(basis)
    used, found = [], []
    for ensemble_path, scan_path, region_path in zip(ensembles, scans, regions, strict=True):
        area = Regions.read(region_path)
        if not area.of("calibrate"):
            continue
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            found.append(describe_blocks(scan, ensemble, area.of("calibrate"), block, scale))
            used.append((ensemble_path, scan_path, area))
            counts = scan.counts
    if not used:
        raise InputError(
            "no scan has a calibrate region", key="role", remedy="give a scan the role calibrate, or split one"
        )
    noisy_means = np.concatenate([blocks["image"][:, :, IMAGE_STATISTICS.index("mean")] for blocks in found])
    expected = fit_expected(used, noisy_means, np.concatenate([blocks["median"] for blocks in found]), counts, block)
    tables, left = [], []
    for (ensemble_path, scan_path, area), blocks in zip(used, found, strict=True):
        boxes = area.of("calibrate")
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            left.append(describe_residuals(scan, ensemble, None, boxes, block, expected))
            tables.append(block_table(scan, area, blocks, left[-1].correlation, len(boxes) == len(area.boxes)))
    table, all_left = BlockTable.joined(tables), Residuals.joined(left)
    even = {"level": all_left.level[all_left.flat], "pattern": all_left.pattern[all_left.flat]}
    write_arrays(output, {**table.to_arrays(), "side": np.array(block), **vars(expected), **even})
    logger.info("%d blocks of %d fields of view calibrate", len(table), len(table.fields))


def fit_expected(
    used: Sequence[tuple[str | Path, str | Path, Regions]],
    noisy_means: Doubles,
    median_means: Doubles,
    counts: bool,
    block: int,
) -> Expected:
    """What images let one expect of noisy frames, from the calibrate regions of all scans together.

    One map of all scans: networks map all alike, and on an even scan an invented structure would make its own map.
    ``used`` holds the files of ensemble and scan and the regions, ``noisy_means`` and ``median_means`` (N, C) the means
    of all blocks in that order. The shift from median to mean is that of the calibration. Like it, it rests on the
    references, whose noise has nothing to do with the noisy frame's; without any, it is 0.
    """
    channels = noisy_means.shape[1]
    step = math.ceil(sum(box.size for *_, area in used for box in area.of("calibrate")) / SHIFT_PIXELS)
    medians, targets = [], []
    for ensemble_path, scan_path, area in used:
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            if not scan.has_reference:
                continue
            for box in area.of("calibrate"):
                for row, _ in blocks_of_box(box, block):
                    medians.append(ensemble.read("median", row).reshape(channels, -1)[:, ::step])
                    targets.append(scan.read_target(ensemble.frame, row).reshape(channels, -1)[:, ::step])
    knots = shift = np.zeros((channels, 1))
    if medians:
        knots, shift = _rising_shift(np.concatenate(medians, axis=1), np.concatenate(targets, axis=1))
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


def _rising_shift(medians: Floats, targets: Floats) -> tuple[Doubles, Doubles]:
    """Knots and shift (C, M) of ``median_to_mean.fit_mean`` for pixels (C, n), the mean rising with the median.

    Where medians tell no means apart, the noise of the references would else turn contrast upside down.
    """
    pairs = [fit_mean(median, target) for median, target in zip(medians, targets, strict=True)]
    longest = max(len(pair["median"]) for pair in pairs)
    knots, shift = (np.zeros((len(pairs), longest)) for _ in range(2))
    for c, pair in enumerate(pairs):
        own = np.array(pair["median"])
        means = isotonic_regression(own + pair["shift"]).x
        # Further knots, beyond which the shift stays, make all channels equally long.
        knots[c] = own[-1] + 1 + np.arange(longest) - own.size
        knots[c, : own.size] = own
        shift[c] = means[-1] - own[-1]
        shift[c, : own.size] = means - own
    return knots, shift
