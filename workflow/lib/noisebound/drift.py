"""Whether a new scan is like those that calibrated the intervals, and whether its image invents or loses structure.

The first is a test (``similarity``) of statistics of the noisy frame and of the latents (``blockstats``) against the
calibrate regions. The second (``residuals``) looks at the scan alone and needs no reference either. Only pixels count
that no network was trained or selected on.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import stdtrit

from .blockstats import (
    IMAGE_STATISTICS,
    TABLE_ARRAYS,
    BlockTable,
    Doubles,
    blocks_of_box,
    compared,
    describe_blocks,
)
from .drift_words import explain
from .errors import InputError
from .exchangeability import needed_scans
from .latent import LatentBasis, read_arrays, write_arrays
from .median_to_mean import Floats, fit_mean
from .predictions import Predictions
from .regions import Regions
from .residuals import Expected, Residuals, describe_residuals, gains, lags, mean_and_error, shifted
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
# Chance that one of all blocks of a scan without structure is called wrong where none is.
BY_CHANCE = 0.001
# Pixels of the calibrate regions behind the shift from median to mean, at most about so many.
SHIFT_PIXELS = 1 << 20
# Blocks that are listed at most.
WORST = 5
# Standard deviations of a normal variable per median absolute deviation, and the ends of its middle 95 %.
_MAD, _TWO_SIDED_95 = 1.4826, 1.96
_SPAWN_KEY = (0xD21F7,)


def latent_scale(basis: str | Path) -> Doubles:
    """Standard deviation on the training pixels of each latent component as stored in ensemble files, float64 (K,)."""
    deviations = LatentBasis.load(basis).scores_sd
    scale: Doubles = np.maximum(deviations / deviations[0], 1e-6)
    return scale


def block_table(
    scan: Scan, regions: Regions, found: dict[str, Doubles], residual: Doubles, complete: bool
) -> BlockTable:
    """Blocks of one scan from ``describe_blocks`` and ``describe_residuals``, ``complete`` where they are all of it."""
    return BlockTable(
        channels=scan.channels,
        field=np.zeros(len(residual), np.int64),
        # Repeats of one field of view are one thing to exchange, as in the calibration of intervals.
        fields=(f"group {scan.group}" if scan.group else f"scan {scan.name}",),
        whole=np.array([complete]),
        residual=residual,
        **{name: values for name, values in found.items() if name != "median"},
    )


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


def likeness(
    reference: BlockTable, table: BlockTable, level: float, difference: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare the blocks of one scan with the calibrated ones; the part of the file that says how alike they are.

    Whole scans are the unit where enough of them calibrate for the test to be able to reach ``level``, else blocks are.
    """
    names, calibrated, new = compared(reference, table)
    whole = [number for number in range(len(reference.fields)) if reference.whole[number]]
    enough = needed_scans("scan", 1 - level, 0.5)
    by_scan = compare_scans(means_by_field(calibrated, reference.field, whole), new.mean(axis=0))
    found: Comparison = by_scan if len(whole) >= enough else compare_blocks(calibrated, new, draws, rng)
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
        "scan_p": by_scan.p if len(whole) > 1 else None,
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
        nonzero = mean - ERRORS * error > tolerance
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
    if over.any():
        verdict = "correlated"
    elif nonzero.any():
        verdict = "as calibrated"
    else:
        verdict = "white" if known.any() else "unknown"
    return {"verdict": verdict, "tolerance": tolerance, "channels": channels}


def background_findings(
    left: Residuals, even: tuple[Doubles, Doubles], channels: Sequence[str], allowed: float
) -> dict[str, Any]:
    """What places without structure say, on average and one by one.

    ``left`` describes the blocks of the scan, ``even`` are ``level`` and ``pattern`` (see ``Residuals``) of those
    blocks of the calibrate regions that show no structure. ``verdict``: "structure" where the share of pixels whose
    interval leaves out the level of their block exceeds ``allowed``, one minus the primary coverage, by more than four
    standard errors over blocks, and the noisy frame contradicts the pattern of the image there (mean of ``pattern``
    more than four standard errors above both 0 and its mean in ``even``), or where single blocks stand out
    (``invented``); else "flat", or "unknown" with fewer than 5 such places. ``worst`` lists single blocks, the most
    certain first, with their ends in pixels of the scan.
    """
    number = int(left.flat.sum())
    about = {"blocks": number, "of": len(left.flat), "allowed": allowed}
    if number < FLAT_BLOCKS:
        return {"verdict": "unknown", **about, "channels": [], "worst": []}
    share, error = mean_and_error(left.beyond[left.flat])
    # A slope too faint to see in a single noisy block is no invention where the noisy frame bears it out on average;
    # nor is a pattern that the noisy frames of the calibrate regions contradict as much.
    against, spread = mean_and_error(left.pattern[left.flat])
    spread = np.maximum(spread, 1 / math.sqrt(number))
    contradicted = against > ERRORS * spread
    if len(even[1]) >= FLAT_BLOCKS:
        usual, unsure = mean_and_error(even[1])
        unsure = np.hypot(spread, np.maximum(unsure, 1 / math.sqrt(len(even[1]))))
        contradicted &= against - usual > ERRORS * unsure
    over = (share - ERRORS * error > allowed) & contradicted
    certainty, wrong = invented(left, even, min(2 * allowed, 0.5))
    order = np.argsort(np.where(certainty > 1, -certainty, 0), axis=None, kind="stable")
    picked = [np.unravel_index(i, certainty.shape) for i in order[: min(WORST, int((certainty > 1).sum()))]]
    places = np.flatnonzero(left.flat)
    single = (certainty > 1).sum(axis=0)
    return {
        "verdict": "structure" if over.any() or single.any() else "flat",
        **about,
        "channels": [
            {
                "channel": name,
                "share": float(share[c]),
                "error": float(error[c]),
                "structure": bool(over[c] or single[c]),
                "single": int(single[c]),
            }
            for c, name in enumerate(channels)
        ],
        "worst": [
            {
                "channel": channels[c],
                "lower": [int(end) for end in left.lower[places[i]]],
                "upper": [int(end) for end in left.upper[places[i]]],
                "share": float(wrong[i, c]),
            }
            for i, c in picked
        ],
    }


def invented(left: Residuals, even: tuple[Doubles, Doubles], least: float) -> tuple[Doubles, Doubles]:
    """Of the M even blocks, per channel, how certainly the image is wrong there, and in which share of its pixels.

    Both are (M, C). Certainty is 0 where the intervals of at most the share ``least`` of a block's pixels leave out the
    level, else |z| over its bound, so that above 1 even the largest of this many z would be by chance in one of 1000
    scans. Two z count: ``level`` against the level of the noisy block, for structure as wide as a block, and
    ``pattern`` against that of the denoised one, for finer structure. They are in units of their own spread, for noise
    is correlated and images are biased to some degree: the largest of 1, that of most of these blocks (from the median
    absolute deviation), and that of 95 of 100 of the calibrate regions'. The level is judged beside the scan's own
    other blocks, because what is wrong in all of them alike is a bias and no structure.
    """
    level, pattern = left.level[left.flat], left.pattern[left.flat]
    beyond, off = left.beyond[left.flat], left.off[left.flat]
    # Three chances per block and channel: too bright, too dark, a pattern. Student's t, as the spread is estimated.
    bound = -float(stdtrit(max(len(level) - 1, 1), BY_CHANCE / (3 * level.size)))
    scores = []
    for values, usual in zip((level, pattern), even, strict=True):
        centre = np.median(values, axis=0)
        spread = np.maximum(1.0, _MAD * np.median(np.abs(values - centre), axis=0))
        if len(usual) >= FLAT_BLOCKS:
            away = np.abs(usual - np.median(usual, axis=0))
            spread = np.maximum(spread, np.quantile(away, 0.95, axis=0) / _TWO_SIDED_95)
        scores.append((values, centre, spread))
    (values, centre, spread), (against, usually, wide) = scores
    by_level = np.where(off > least, np.abs(values - centre) / spread, 0.0) / bound
    # An image that follows the noise has a negative pattern everywhere; that excuses none that shows what is not there.
    by_pattern = np.where(beyond > least, (against - np.maximum(usually, 0)) / wide, 0.0) / bound
    return np.maximum(by_level, by_pattern), np.where(by_level >= by_pattern, off, beyond)


def _plain(content: Any) -> Any:
    """The same with null for numbers that JSON does not have."""
    if isinstance(content, Mapping):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(value) for value in content]
    if isinstance(content, float) and not math.isfinite(content):
        return None
    return content
