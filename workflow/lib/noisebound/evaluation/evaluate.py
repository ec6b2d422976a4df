"""The step evaluate: how good the delivered images are, on regions that nothing was learned from.

Judged is every frame predicted on its own, with the calibrated interval exactly as it is delivered.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..core.arrays import plain
from ..core.errors import InputError
from ..core.storage import digest_files, write_json
from ..core.tables import write_table
from ..decisions.exceedance import check_exceed
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..regions.regions import Regions
from .columns import COLUMNS, OUTPUTS
from .coverage import by_block, by_border, by_intensity, by_token, channel_coverage
from .ensemble_size import ensemble_size
from .gaussian import gaussian_errors
from .held_out import HeldOut, load_held_out
from .image_errors import against_baselines, channel_errors
from .mode_table import compare_modes
from .precision import realised_precision
from .summary import summary_entry

logger = logging.getLogger("noisebound")
CALIBRATION_KEYS = (
    *("mode", "score", "scale", "ties", "unit", "units", "unit_reason", "confidence"),
    *("n_scans", "n_whole_scans", "n_blocks", "n_pixels"),
)


@dataclass(frozen=True)
class _Part:
    """The held-out regions of one scan with the errors of the Gaussian filters there, (len(SIGMAS), C)."""

    regions: list[HeldOut]
    gaussian: NDArray[np.float64]


def _load(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    tokens: Mapping[str, Path],
    calibration: Calibration,
    block: int,
    montages: Collection[str],
) -> dict[str, _Part]:
    parts: dict[str, _Part] = {}
    for ensemble_file, scan_file, region_file in zip(ensembles, scans, regions, strict=True):
        boxes = Regions.read(region_file).of("test")
        if not boxes:
            continue
        with Predictions(ensemble_file) as predictions, Scan(scan_file) as scan:
            calibration.check_channels(predictions.channels, ensemble_file)
            if not scan.has_reference or not predictions.n_frames:
                raise InputError(
                    "the scan has test regions but no reference to test against",
                    file=scan_file,
                    remedy="name its reference in the scan sheet, or give it the role apply",
                )
            held_out = load_held_out(
                predictions,
                scan,
                boxes,
                tokens.get(scan.name),
                block,
                only_delivered=calibration.by_token,
                montage=scan.name in montages,
            )
            spatial = tuple(range(1, held_out[0].target.ndim))
            pixels = sum(region.target[0].size for region in held_out)
            mean = np.sum([region.target.sum(axis=spatial, dtype=np.float64) for region in held_out], axis=0) / pixels
            parts[scan.name] = _Part(held_out, gaussian_errors(scan, boxes, mean))
            logger.info("scan %s: %d test boxes, %d pixels over all frames", scan.name, len(boxes), pixels)
    return parts


def evaluate(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    tokens: Sequence[str | Path],
    calibration: str | Path,
    outputs: Mapping[str, str | Path],
    *,
    run: str,
    block: int = 16,
    bootstrap: int = 500,
    seed: int = 0,
    exceed: Sequence[Mapping[str, Any]] = (),
    montages: Collection[str] = (),
) -> None:
    """Judge the test regions of all scans and write the tables and ``summary.json``.

    ``ensembles``, ``scans`` and ``regions`` are parallel lists of files; scans without test regions are left out.
    ``tokens`` are label TIFFs named <scan>.tif, for any of the scans. ``outputs`` maps names of OUTPUTS to paths; a
    name left out is not written. ``block`` is the side of a bootstrap block in px, ``bootstrap`` the number of draws,
    ``exceed`` the entries of decisions.exceed whose realised precision is wanted. ``montages`` names the scans whose
    boxes are images of their own (see ``montage``).

    Tokens come from the delivered frame, which for leave-one-out is part of the other frames' targets: coverage by
    token and by ensemble size are therefore counted on the delivered frame alone, everything else on all frames.

    Raises ``InputError`` for a test region without reference, other channels than calibrated, unknown outputs.
    """
    unknown = sorted(set(outputs) - set(OUTPUTS))
    if unknown:
        raise ValueError(f"unknown outputs {unknown}; known are {', '.join(OUTPUTS)}")
    fitted = Calibration.read(calibration)
    check_exceed(exceed, fitted.channels)
    labels = {Path(path).stem: Path(path) for path in tokens}
    parts = _load(ensembles, scans, regions, labels, fitted, block, montages)
    summary: dict[str, Any] = {
        "run": run,
        "seed": seed,
        "primary": fitted.primary,
        "nominal": list(fitted.nominal),
        "block": block,
        "bootstrap": bootstrap,
        "target": fitted.target,
        "guarantee": fitted.guarantee,
        "calibration": {key: fitted.content.get(key) for key in CALIBRATION_KEYS},
        "channels": {},
        "scans": {},
        "decisions": [],
        "digests": digest_files(
            {"calibration": calibration, "ensemble": ensembles, "scan": scans, "regions": regions, "token map": tokens}
        ),
    }
    tables = {name: pd.DataFrame(columns=names) for name, names in COLUMNS.items()}
    if not parts:
        summary |= {"ratio_to_gaussian": None, "structured_channels": []}
        summary["why"] = "No scan has a test region with a reference, so nothing could be measured."
    else:
        _judge_all(parts, fitted, summary, tables, exceed=exceed, bootstrap=bootstrap, seed=seed)
    for name, path in outputs.items():
        if name == "summary":
            write_json(path, plain(summary))
        else:
            write_table(path, tables[name].columns, tables[name].itertuples(index=False))


def _judge_all(
    parts: Mapping[str, _Part],
    fitted: Calibration,
    summary: dict[str, Any],
    tables: dict[str, pd.DataFrame],
    *,
    exceed: Sequence[Mapping[str, Any]],
    bootstrap: int,
    seed: int,
) -> None:
    """Fill ``summary`` and ``tables``; every draw has its own stream, so that none depends on another's number."""

    def stream(*key: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))

    everything = [region for part in parts.values() for region in part.regions]
    gaussian = np.sum([part.gaussian for part in parts.values()], axis=0)
    names = fitted.channels
    rows: list[dict[str, Any]] = []
    for i, (scan, part) in enumerate(parts.items()):
        coverage = channel_coverage(part.regions, fitted, bootstrap, stream(0, i))
        own = {name: channel_errors(part.regions, part.gaussian[:, c], c, fitted) for c, name in enumerate(names)}
        rows += [{"channel": name, "scan": scan, **own[name]} for name in names]
        summary["scans"][scan] = {
            name: summary_entry(coverage[coverage["channel"] == name], own[name], fitted) for name in names
        }
    tables["errors"] = pd.DataFrame(rows, columns=COLUMNS["errors"])
    tables["coverage"] = channel_coverage(everything, fitted, bootstrap, stream(1))[COLUMNS["coverage"]]
    pooled = {name: channel_errors(everything, gaussian[:, c], c, fitted) for c, name in enumerate(names)}
    for name in names:
        own_rows = tables["coverage"][tables["coverage"]["channel"] == name]
        summary["channels"][name] = summary_entry(own_rows, pooled[name], fitted)
    summary |= against_baselines(pooled)
    tables["by_intensity"] = by_intensity(everything, fitted, bootstrap, stream(2))[COLUMNS["by_intensity"]]
    tables["by_token"] = by_token(everything, fitted, bootstrap, stream(3))[COLUMNS["by_token"]]
    tables["by_border"] = by_border(everything, fitted, bootstrap, stream(4))[COLUMNS["by_border"]]
    tables["by_block"] = by_block(everything, fitted)
    tables["modes"] = compare_modes(everything, fitted, stream(7))
    tables["ensemble_size"] = ensemble_size(everything, names, stream(5))
    tables["decisions"] = realised_precision(everything, fitted, exceed, bootstrap, stream(6))[COLUMNS["decisions"]]
    summary["decisions"] = tables["decisions"].to_dict("records")
