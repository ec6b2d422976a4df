"""Whether a new scan is like those that calibrated the intervals, and whether its image invents or loses structure.

The first is a test (``similarity``) of statistics of the noisy frame and of the latents (``blockstats``) against the
calibrate regions. The second (``residuals``) looks at the scan alone and needs no reference either. Only pixels count
that no network was trained or selected on.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .blockstats import IMAGE_STATISTICS, TABLE_ARRAYS, BlockTable, Doubles, compared, describe_blocks
from .drift_words import explain
from .errors import InputError
from .exchangeability import needed_scans
from .latent import LatentBasis, read_arrays, write_arrays
from .predictions import Predictions
from .regions import Regions
from .residuals import describe_residuals, gains, lags, mean_and_error
from .scans import Scan
from .similarity import Comparison, compare_blocks, compare_scans, means_by_field
from .storage import write_json

logger = logging.getLogger("noisebound")

# Roles whose pixels taught no network; those that calibrate are what others are compared with.
UNSEEN = ("calibrate", "test", "apply")
JUDGED = ("test", "apply")
# Several channels and lags are looked at together, so a deviation must exceed its standard error by so many times.
ERRORS = 4.0
# Fewest blocks without structure that say anything.
FLAT_BLOCKS = 5
_SPAWN_KEY = (0xD21F7,)


def latent_scale(basis: str | Path) -> Doubles:
    """Standard deviation on the training pixels of each latent component as stored in ensemble files, float64 (K,)."""
    deviations = LatentBasis.load(basis).scores_sd
    scale: Doubles = np.maximum(deviations / deviations[0], 1e-6)
    return scale


def block_table(
    scan: Scan, ensemble: Predictions, regions: Regions, roles: Sequence[str], side: int, scale: Doubles
) -> tuple[BlockTable, Doubles]:
    """Blocks of all boxes of ``roles`` in one scan, and the gain of its noisy frame per channel, (C,)."""
    boxes = regions.of(*roles)
    found = describe_blocks(scan, ensemble, boxes, side, scale)
    gain = gains(found["image"][:, :, IMAGE_STATISTICS.index("mean")], found.pop("median"), scan.counts)
    residual = describe_residuals(scan, ensemble, None, boxes, side, gain).correlation
    table = BlockTable(
        channels=scan.channels,
        field=np.zeros(len(residual), np.int64),
        # Repeats of one field of view are one thing to exchange, as in the calibration of intervals.
        fields=(f"group {scan.group}" if scan.group else f"scan {scan.name}",),
        whole=np.array([len(boxes) == len(regions.boxes)]),
        residual=residual,
        **found,
    )
    return table, gain


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
    tables = []
    for ensemble_path, scan_path, region_path in zip(ensembles, scans, regions, strict=True):
        area = Regions.read(region_path)
        if not area.of("calibrate"):
            continue
        with Predictions(ensemble_path) as ensemble, Scan(scan_path) as scan:
            tables.append(block_table(scan, ensemble, area, ("calibrate",), block, scale)[0])
    if not tables:
        raise InputError(
            "no scan has a calibrate region", key="role", remedy="give a scan the role calibrate, or split one"
        )
    table = BlockTable.joined(tables)
    write_arrays(output, {**table.to_arrays(), "side": np.array(block)})
    logger.info("%d blocks of %d fields of view calibrate", len(table), len(table.fields))


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
    ``unit``, numbers of blocks and scans, ``statistics`` (largest deviation first), ``residuals``, ``background``,
    ``words`` and ``warnings``, each with title, text and remedy.
    """
    arrays = read_arrays(calibrated, (*TABLE_ARRAYS, "side"))
    side = int(arrays.pop("side"))
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
            table, gain = block_table(noisy, raw, area, JUDGED if judged else UNSEEN, side, latent_scale(basis))
            left = describe_residuals(noisy, raw, images, judged or boxes, side, gain)
            content["residuals"] = residual_findings(left.correlation, reference, noisy.ndim, correlation)
            content["background"] = background_findings(
                left.flat, left.beyond, noisy.channels, 1 - (images.primary or 0)
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


def likeness(
    reference: BlockTable, table: BlockTable, level: float, difference: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare the blocks of one scan with the calibrated ones; the part of the file that says how alike they are.

    Whole scans are the unit where enough of them calibrate for the test to be able to reach ``level``, else blocks are.
    """
    names, calibrated, new = compared(reference, table)
    whole = [number for number in range(len(reference.fields)) if reference.whole[number]]
    enough = needed_scans("scan", 1 - level, 0.5)
    found: Comparison
    if len(whole) >= enough:
        scans = means_by_field(calibrated, reference.field, whole)
        found = compare_scans(scans, new.mean(axis=0))
    else:
        found = compare_blocks(calibrated, new, draws, rng)
    gap = np.maximum(found.superiority, 1 - found.superiority)
    matters = gap >= difference if found.unit == "block" else np.ones(len(gap), dtype=bool)
    told = (found.adjusted <= level) & matters
    if told.any():
        verdict = "unlike"
    elif found.resolution is None or found.resolution > level:
        verdict = "too few"
    else:
        verdict = "like"
    order = np.lexsort((-gap, found.adjusted, ~told))
    centres = np.median(calibrated, axis=0), np.median(new, axis=0)
    return {
        "verdict": verdict,
        "unit": found.unit,
        "p": found.p,
        "resolution": found.resolution,
        "n_blocks": len(table),
        "n_calibrate_blocks": len(reference),
        "n_calibrate_scans": len(whole),
        "needed_scans": enough,
        "statistics": [
            {
                "kind": names[i][0],
                "of": names[i][1],
                "p": float(found.adjusted[i]),
                "superiority": float(found.superiority[i]),
                "told": bool(told[i]),
                "here": float(centres[1][i]),
                "calibrated": float(centres[0][i]),
            }
            for i in order
        ],
    }


def residual_findings(correlation: Doubles, reference: BlockTable, ndim: int, tolerance: float) -> dict[str, Any]:
    """What residuals say: per channel and lag the autocorrelation, its error, and that on the calibrate regions.

    ``correlation`` is (N, C, L). White noise gives 0 within a few errors. ``verdict``: "correlated" where, at some lag,
    the autocorrelation exceeds by more than ``tolerance`` and four standard errors both 0 and what the calibrate
    regions have (noise that was correlated there already says nothing about this scan); else "white", or "unknown".
    """
    mean, error = mean_and_error(correlation)
    usual, _ = mean_and_error(reference.residual)
    base = np.maximum(np.where(np.isfinite(usual), usual, 0.0), 0.0)
    with np.errstate(invalid="ignore"):
        over = mean - ERRORS * error > base + tolerance
    known = np.isfinite(mean) & np.isfinite(error)
    channels = [
        {
            "channel": channel,
            "correlated": bool(over[c].any()),
            "lags": [
                {
                    "lag": list(lag),
                    "correlation": float(mean[c, i]),
                    "error": float(error[c, i]),
                    "calibrated": float(usual[c, i]),
                }
                for i, lag in enumerate(lags(ndim))
            ],
        }
        for c, channel in enumerate(reference.channels)
    ]
    verdict = "correlated" if over.any() else "white" if known.any() else "unknown"
    return {"verdict": verdict, "tolerance": tolerance, "channels": channels}


def background_findings(
    flat: Sequence[bool] | np.ndarray, beyond: Doubles, channels: Sequence[str], allowed: float
) -> dict[str, Any]:
    """What places without structure say: per channel the share of their pixels whose interval leaves out their level.

    ``flat`` (N,), ``beyond`` (N, C) as in ``residuals.Residuals``. ``verdict``: "structure" where a share exceeds
    ``allowed``, one minus the primary coverage, by more than four standard errors over blocks; else "flat", or
    "unknown" with fewer than 5 such places.
    """
    chosen = np.asarray(flat, dtype=bool)
    number = int(chosen.sum())
    if number < FLAT_BLOCKS:
        return {"verdict": "unknown", "blocks": number, "of": len(chosen), "allowed": allowed, "channels": []}
    share, error = mean_and_error(beyond[chosen])
    over = share - ERRORS * error > allowed
    return {
        "verdict": "structure" if over.any() else "flat",
        "blocks": number,
        "of": len(chosen),
        "allowed": allowed,
        "channels": [
            {"channel": name, "share": float(share[c]), "error": float(error[c]), "structure": bool(over[c])}
            for c, name in enumerate(channels)
        ],
    }


def _plain(content: Any) -> Any:
    """The same with null for numbers that JSON does not have."""
    if isinstance(content, Mapping):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
