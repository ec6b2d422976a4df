"""The step check_drift: whether a scan is like those that calibrated, and whether its image can be trusted."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..core.arrays import read_arrays
from ..core.errors import InputError
from ..core.storage import write_json
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..regions.regions import Regions
from .block_statistics import TABLE_ARRAYS, BlockTable, block_table, describe_blocks, latent_scale
from .findings import background_findings, likeness, residual_findings
from .residuals import Expected, describe_residuals
from .words import explain

logger = logging.getLogger("noisebound")
# Roles whose pixels taught no network; those that calibrate are what others are compared with.
UNSEEN = ("calibrate", "test", "apply")
JUDGED = ("test", "apply")
_SPAWN_KEY = (0xD21F7,)


def check_drift(
    ensemble: str | Path,
    denoised: str | Path,
    scan: str | Path,
    regions: str | Path,
    basis: str | Path,
    calibrated: str | Path,
    output: str | Path,
    *,
    level: float,
    difference: float,
    correlation: float,
    draws: int,
    seed: int,
) -> None:
    """Check one scan and write ``drift/<scan>.json``.

    ``calibrated`` is the file of :func:`fit_drift`. A scan is called unlike the calibrate regions if the p-value of all
    statistics together is at most ``level`` and, where blocks are the unit, one of the statistics responsible exceeds
    its calibrated values, or falls below them, in a share of at least ``difference`` of all pairs of blocks.
    ``correlation`` is how far the autocorrelation of residuals may exceed that on the calibrate regions.

    The file holds ``verdict`` (like, unlike, too few, calibrates, learned from), ``p``, ``resolution``, ``level``,
    ``unit``, ``scan_p`` (that of whole scans, where 2 or more calibrate), numbers of blocks and scans, ``statistics``
    (largest deviation first), ``residuals``, ``background``, ``words`` and ``warnings``, each with title, text and
    remedy.
    """
    names = [field.name for field in fields(Expected)]
    arrays = read_arrays(calibrated, (*TABLE_ARRAYS, "side", *names, "level", "pattern"))
    side = int(arrays.pop("side"))
    expected = Expected(**{name: arrays.pop(name) for name in names})
    even = [arrays.pop(name) for name in ("level", "pattern")]
    reference = BlockTable.from_arrays(arrays)
    area = Regions.read(regions)
    content: dict[str, Any] = {"scan": area.scan, "level": level, "difference": difference, "block": side}
    with Scan(scan) as noisy, Predictions(ensemble) as raw, Predictions(denoised) as images:
        if tuple(noisy.channels) != reference.channels:
            raise InputError(
                f"channels {list(noisy.channels)} are not those of the calibrate regions, {list(reference.channels)}",
                file=scan,
                key="data.channels",
                remedy="run the workflow again, so that all steps see the same channels",
            )
        boxes = area.of(*UNSEEN)
        judged = area.of(*JUDGED)
        if boxes:
            shown = judged or boxes
            left = describe_residuals(noisy, raw, images, shown, side, expected)
            blocks = describe_blocks(noisy, raw, shown, side, latent_scale(basis))
            table = block_table(noisy, area, blocks, left.correlation, len(shown) == len(area.boxes))
            content["residuals"] = residual_findings(left.correlation, reference, noisy.ndim, correlation)
            content["background"] = background_findings(
                left, (even[0], even[1]), noisy.channels, 1 - (images.primary or 0)
            )
        # A scan that calibrates a part of itself is no new one: its test regions were not drawn from many scans but lie
        # elsewhere in the same field of view, and their coverage is measured.
        if judged and not area.of("calibrate"):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=_SPAWN_KEY))
            content |= likeness(reference, table, level, difference, draws, rng)
        else:
            content |= {"verdict": "calibrates" if boxes else "learned from", "p": None, "statistics": []}
    content |= explain(content)
    write_json(output, _plain(content))
    logger.info("scan %s: %s", area.scan, content["words"])


def _plain(content: Any) -> Any:
    """The same with null for numbers that JSON does not have."""
    if isinstance(content, Mapping):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
