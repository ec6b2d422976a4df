"""The step check_drift: whether a scan is like those that calibrated, and whether its image can be trusted.

The file ``drift/<scan>.json`` always holds ``scan``, ``level``, ``difference``, ``block`` (px), ``verdict`` (like,
unlike, too few, calibrates, learned from), ``p``, ``statistics`` (those that count as different first), ``words``,
``approximation`` and ``warnings``, each with title, text, points and remedy. A scan that was compared also has
``unit``, ``resolution``, ``scan_p`` (the p-value of whole scans, where 2 or more calibrate), numbers of blocks and
scans, and where blocks are the unit ``exceedance`` and ``dose`` (else None). A scan with regions that taught no network
also has ``residuals`` and ``background``, and in ``compared`` the roles of the regions that these are about. Every scan
has ``places`` and ``local`` (features that the image lost or invented anywhere in it, see ``local_findings``). A scan
with a reference also has ``misses`` and ``missed`` (where the image misses it, see ``miss_findings``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.arrays import plain
from ..core.errors import InputError
from ..core.storage import write_json
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..regions.regions import Regions
from .block_statistics import describe_blocks, latent_scale
from .block_table import block_table
from .calibrated import Calibrated
from .findings import background_findings, residual_findings
from .likeness import likeness
from .local_findings import local_findings
from .local_images import NoisyFrame
from .misses import miss_findings
from .residuals import Residuals, describe_residuals
from .settings import DriftSettings
from .words import explain

logger = logging.getLogger("noisebound")
# Roles whose pixels taught no network.
UNSEEN = ("calibrate", "test", "apply")
# Those of them that are compared with the calibrate regions.
JUDGED = ("test", "apply")
# Keeps the random permutations apart from all other random streams of a run.
_SPAWN_KEY = (0xD21F7,)


@dataclass(frozen=True)
class CheckedScan:
    """Files of the scan that is checked.

    Parameters
    ----------
    ensemble, denoised
        What the ensemble predicts, and the calibrated intervals.
    scan, regions
        The standard file, and the regions with their roles.
    """

    ensemble: str | Path
    denoised: str | Path
    scan: str | Path
    regions: str | Path


def check_drift(
    files: CheckedScan,
    basis: str | Path,
    calibrated: str | Path,
    output: str | Path,
    *,
    settings: DriftSettings,
    seed: int,
) -> None:
    """Check one scan and write ``drift/<scan>.json``.

    The scan is compared with the calibrate regions unless it was learned from or calibrates itself (see ``likeness``).

    Parameters
    ----------
    files
        Files of the scan.
    basis, calibrated
        Files of the latent basis and of :func:`noisebound.drift.fit_drift.fit_drift`.
    output
        File to write.
    settings
        The section ``drift`` of the configuration.
    seed
        Seed of the run.

    Raises
    ------
    InputError
        Where a file is unusable or the scan has other channels than the calibrate regions.
    """
    known = Calibrated.load(calibrated)
    area = Regions.read(files.regions)
    unseen, judged = area.of(*UNSEEN), area.of(*JUDGED)
    shown = judged or unseen
    content: dict[str, Any] = {"scan": area.scan, "level": settings.level}
    content |= {"difference": settings.difference, "block": known.side}
    with Scan(files.scan) as noisy, Predictions(files.ensemble) as raw, Predictions(files.denoised) as images:
        _check_channels(noisy, known.table.channels, files.scan)
        counts = noisy.counts
        if shown:
            residuals = describe_residuals(noisy, raw, images, shown, known.side, known.expected)
            blocks = describe_blocks(noisy, raw, shown, known.side, latent_scale(basis))
            table = block_table(noisy, blocks, residuals.correlation, len(shown) == len(area.boxes))
            content |= _image_findings(residuals, known, noisy, settings, 1 - (images.primary or 0))
            content["compared"] = sorted({box.role for box in shown})
        content |= _single_places(noisy, raw, images, known, area)
    # A scan that calibrates is not compared with itself. Where it also has test regions, these lie in the same field
    # of view as its calibrate regions, and their coverage is measured.
    if judged and not area.of("calibrate"):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=_SPAWN_KEY))
        about = settings.level, settings.difference, settings.draws
        content |= likeness(known.table, table, *about, rng, counts)
    else:
        content |= {"verdict": "calibrates" if unseen else "learned from", "p": None, "statistics": []}
    content |= explain(content)
    write_json(output, plain(content))
    logger.info("scan %s: %s", area.scan, content["words"])


def _single_places(
    noisy: Scan, raw: Predictions, images: Predictions, known: Calibrated, area: Regions
) -> dict[str, Any]:
    """Lost, invented and missed features in every pixel: the networks may lose what they were trained on, too."""
    whole = Box("scan", (0,) * noisy.ndim, noisy.shape)
    found = local_findings(NoisyFrame(noisy, raw, [whole], known.expected), whole, known.usual, images)
    return found | miss_findings(noisy, raw, area.boxes, known.expected, images)


def _image_findings(
    residuals: Residuals, known: Calibrated, noisy: Scan, settings: DriftSettings, allowed: float
) -> dict[str, Any]:
    """What the blocks of the noisy frame say of the image; ``allowed`` as in :func:`background_findings`."""
    return {
        "residuals": residual_findings(residuals.correlation, known.table, noisy.ndim, settings.correlation),
        "background": background_findings(residuals, known.flat, noisy.channels, allowed),
    }


def _check_channels(scan: Scan, calibrated: Sequence[str], file: str | Path) -> None:
    """Raise ``InputError`` where a scan has other channels than the calibrate regions."""
    if tuple(scan.channels) != tuple(calibrated):
        raise InputError(
            f"channels {list(scan.channels)} are not those of the calibrate regions, {list(calibrated)}",
            file=file,
            key="data.channels",
            remedy="run the workflow again, so that all steps see the same channels",
        )
