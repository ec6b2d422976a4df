"""How good the delivered images are, measured on regions that nothing was learned or calibrated from.

Judged is every frame predicted on its own, with the calibrated interval exactly as it is delivered. The modules below
this one hold the parts: ``heldout`` the regions in memory, ``metrics`` the measures, ``baselines`` what must be
beaten, ``groupwise`` coverage by channel and group.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .baselines import SIGMAS, gaussian_errors
from .calibration import Calibration
from .decisions import check_exceed
from .errors import InputError
from .groupwise import (
    GROUP_COLUMNS,
    by_block,
    by_border,
    by_intensity,
    by_token,
    channel_coverage,
    realised_precision,
)
from .heldout import HeldOut, load_held_out
from .metrics import correlation, noise_removed_root, psnr, ratio
from .modes import COLUMNS as MODE_COLUMNS
from .modes import compare_modes
from .predictions import Predictions, nominal_key
from .regions import Regions
from .scans import Scan
from .storage import digest_files, write_json
from .subsets import draw_subsets
from .tables import write_table

logger = logging.getLogger("noisebound")

# A channel has structure where the signal varies by at least this share of the variance of its target's noise.
STRUCTURED_SHARE = 0.25
TOLERANCE = 0.02
CALIBRATION_KEYS = (
    *("mode", "score", "scale", "ties", "unit", "units", "unit_reason", "confidence"),
    *("n_scans", "n_whole_scans", "n_blocks", "n_pixels"),
)
FEW_BLOCKS = 20
MAX_SUBSETS = 20

COLUMNS: dict[str, list[str]] = {
    "coverage": [
        *("channel", "nominal", "coverage", "low", "high", "coverage_without_atoms", "coverage_of_atoms", "atoms"),
        *("mean_width", "zero_width", "below", "above", "n_pixels", "n_blocks", "target"),
        *("resampled", "coverage_of_truth"),
    ],
    "by_intensity": ["channel", "nominal", "decile", *GROUP_COLUMNS, "median_from", "median_to"],
    "by_token": ["channel", "nominal", "token", *GROUP_COLUMNS],
    "by_border": ["channel", "nominal", "distance", *GROUP_COLUMNS],
    "by_block": ["channel", "nominal", "scan", "y", "x", "coverage", "mean_width", "n_pixels"],
    "modes": MODE_COLUMNS,
    "ensemble_size": [
        *("channel", "members", "correlation", "rmse", "correlation_q25", "correlation_q75", "rmse_q25", "rmse_q75"),
        "subsets",
    ],
    "errors": [
        *("channel", "scan", "rmse", "rmse_noise_removed", "bias", "bias_of_mean", "target_mean", "correlation"),
        *("psnr", "mse", "mse_noise_removed"),
        *("target_noise", "gaussian_sigma", "gaussian_mse", "gaussian_mse_noise_removed", "gaussian_psnr"),
        *("flat_mse", "flat_mse_noise_removed", "structured", "n_pixels"),
    ],
    "decisions": [
        *("name", "channel", "threshold", "confidence", "side", "precision", "low", "high", "declared", "n_pixels"),
        "n_blocks",
    ],
}
OUTPUTS = (*COLUMNS, "summary")


@dataclass(frozen=True)
class _Part:
    """The held-out regions of one scan with the errors of the Gaussian filters there, (len(SIGMAS), C)."""

    regions: list[HeldOut]
    gaussian: NDArray[np.float64]


def _flat(parts: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    return np.concatenate([part.ravel() for part in parts]).astype(np.float64)


def channel_errors(
    regions: Sequence[HeldOut], gaussian: NDArray[np.float64], c: int, calibration: Calibration
) -> dict[str, Any]:
    """Errors of the median of channel ``c`` over all frames, beside the best Gaussian filter and a flat image.

    ``gaussian`` is the sum of squared errors per sigma, (len(SIGMAS),). Mean squared errors are in squared units of
    the reference; "noise_removed" has the mean variance of the target's own noise subtracted, NaN where it is unknown.
    The flat image of a frame is the mean of its target in the scan's test regions. Bias is mean(median - target),
    bias_of_mean the same for the estimate of the mean; the range in PSNR is that of the target.
    """
    median, target = _flat([r.median[c] for r in regions]), _flat([r.target[c] for r in regions])
    known = all(region.noise is not None for region in regions)
    noise = float(_flat([r.noise[c] for r in regions if r.noise is not None]).mean()) if known else math.nan
    flat = 0.0
    for name in dict.fromkeys(region.scan for region in regions):
        own = [region.target[c] for region in regions if region.scan == name]
        for k in range(own[0].shape[0]):
            values = _flat([target_[k] for target_ in own])
            flat += float(np.square(values - values.mean()).sum())
    mse = float(np.square(median - target).mean())
    best = int(np.argmin(gaussian))
    gaussian_mse, flat_mse = float(gaussian[best]) / target.size, flat / target.size
    extent = float(target.max() - target.min())
    return {
        "rmse": math.sqrt(mse),
        "rmse_noise_removed": noise_removed_root(mse - noise),
        "bias": float((median - target).mean()),
        "bias_of_mean": float((_flat([calibration.mean(r.median)[c] for r in regions]) - target).mean()),
        "target_mean": float(target.mean()),
        "correlation": correlation(median, target),
        "psnr": psnr(mse, extent),
        "mse": mse,
        "mse_noise_removed": mse - noise,
        "target_noise": noise,
        "gaussian_sigma": SIGMAS[best],
        "gaussian_mse": gaussian_mse,
        "gaussian_mse_noise_removed": gaussian_mse - noise,
        "gaussian_psnr": psnr(gaussian_mse, extent),
        "flat_mse": flat_mse,
        "flat_mse_noise_removed": flat_mse - noise,
        "structured": bool(math.isnan(noise) or flat_mse - noise >= STRUCTURED_SHARE * noise),
        "n_pixels": int(target.size),
    }


def ensemble_size(regions: Sequence[HeldOut], channels: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    """Correlation and RMSE of the averaged medians of m members with the target of the delivered frame, for every m.

    Over all subsets of m members, or 20 of them drawn without repetition; means with their quartiles.
    """
    kept = [region for region in regions if region.members is not None]
    rows: list[dict[str, Any]] = []
    if not kept:
        return pd.DataFrame(rows, columns=COLUMNS["ensemble_size"])
    members = np.concatenate([r.members.reshape(*r.members.shape[:2], -1) for r in kept if r.members is not None], 2)
    target = np.concatenate([r.target[:, r.delivered].reshape(len(channels), -1) for r in kept], 1)
    total = len(members)
    for m in range(1, total + 1):
        subsets = draw_subsets(total, m, MAX_SUBSETS, rng)
        for c, name in enumerate(channels):
            means = [members[list(subset), c].mean(axis=0, dtype=np.float64) for subset in subsets]
            linear = np.array([correlation(mean, target[c]) for mean in means])
            errors = np.array([math.sqrt(float(np.square(mean - target[c]).mean())) for mean in means])
            row: dict[str, Any] = {"channel": name, "members": m, "subsets": len(subsets)}
            for key, values in (("correlation", linear), ("rmse", errors)):
                low, high = np.quantile(values, [0.25, 0.75])
                row |= {key: values.mean(), f"{key}_q25": low, f"{key}_q75": high}
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS["ensemble_size"])


def explain(row: Mapping[str, Any], calibration: Calibration) -> str:
    """In words, whether the coverage of a row of ``channel_coverage`` is near its nominal value, and why not."""
    coverage, nominal = float(row["coverage"]), float(row["nominal"])
    gap = coverage - nominal
    without_width = float(row.get("zero_width", 0))
    flat = f" {without_width:.2%} of the intervals have no width: both ends are equal there." if without_width else ""
    if abs(gap) <= TOLERANCE:
        return f"Coverage {coverage:.3f} is within {TOLERANCE} of the nominal {nominal:g}.{flat}"
    unit = calibration.unit(nominal)
    if gap > 0 and unit != "pixel":
        return (
            f"Coverage {coverage:.3f} is {gap:.3f} above the nominal {nominal:g}: with "
            f"{calibration.content['n_whole_scans']} calibrate scans, the promise about further scans (unit {unit}) "
            f"takes wider intervals than these test regions need. More calibrate scans make them narrower.{flat}"
        )
    scans = row.get("resampled") == "scans"
    words = [f"Coverage {coverage:.3f} is {abs(gap):.3f} {'below' if gap < 0 else 'above'} the nominal {nominal:g}."]
    if math.isnan(row["low"]):
        words.append("The test region is a single block, so nothing can be said about chance.")
    else:
        inside = row["low"] <= nominal <= row["high"]
        words.append(
            f"The {'scan' if scans else 'block'} bootstrap interval {row['low']:.3f} to {row['high']:.3f} "
            f"({'over test scans' if scans else str(row['n_blocks']) + ' test blocks'}) "
            + (
                f"contains the nominal coverage: {'test scans' if scans else 'blocks of this image'} differ by as much."
                if inside
                else "does not contain the nominal coverage: the test region differs from the calibrate regions."
            )
        )
        if not scans and row["n_blocks"] < FEW_BLOCKS:
            words.append("With so few blocks that interval is itself too narrow.")
    blocks, pixels = calibration.content.get("n_blocks"), calibration.content.get("n_pixels")
    words.append(f"The corrections rest on {blocks} calibration blocks ({pixels} pixels that resemble each other).")
    if gap < 0:
        words.append(f"{row['below']:.1%} of the targets lie below the interval and {row['above']:.1%} above it.")
    else:
        without = row["coverage_without_atoms"]
        if not math.isnan(without) and abs(without - nominal) < abs(gap):
            words.append(f"Tied targets (zeros or saturation) account for a part: without them it is {without:.3f}.")
    return " ".join(words) + flat


def _summary_entry(rows: pd.DataFrame, errors: Mapping[str, Any], calibration: Calibration) -> dict[str, Any]:
    """One channel of ``summary.json`` from its rows of coverage and its errors."""
    primary = rows[rows["nominal"] == calibration.primary].iloc[0]
    return {
        "coverage": {
            nominal_key(row["nominal"]): {
                "value": row["coverage"],
                "low": row["low"],
                "high": row["high"],
                "mean_width": row["mean_width"],
                "without_atoms": row["coverage_without_atoms"],
                "of_atoms": row["coverage_of_atoms"],
                "atoms": row["atoms"],
                "zero_width": row["zero_width"],
                "of_truth": row["coverage_of_truth"],
                "below": row["below"],
                "above": row["above"],
            }
            for _, row in rows.iterrows()
        },
        **{key: errors[key] for key in ("rmse", "rmse_noise_removed", "bias", "bias_of_mean", "target_mean")},
        **{key: errors[key] for key in ("correlation", "psnr")},
        **{key: errors[key] for key in ("mse", "mse_noise_removed", "target_noise")},
        "gaussian": {
            "sigma": errors["gaussian_sigma"],
            "mse": errors["gaussian_mse"],
            "mse_noise_removed": errors["gaussian_mse_noise_removed"],
            "psnr": errors["gaussian_psnr"],
        },
        "flat_mse": errors["flat_mse"],
        "flat_mse_noise_removed": errors["flat_mse_noise_removed"],
        "structured": errors["structured"],
        "n_pixels": errors["n_pixels"],
        "n_blocks": int(primary["n_blocks"]),
        "resampled": primary["resampled"],
        "explanation": explain({str(key): value for key, value in primary.items()}, calibration),
    }


def _against_baselines(errors: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Sums over structured channels of mean squared errors relative to the flat image, and their ratio.

    The reference's own noise is removed where it is known for all of them, otherwise the raw errors are used.
    """
    structured = {name: row for name, row in errors.items() if row["structured"]}
    removed = all(not math.isnan(row["target_noise"]) for row in structured.values())
    suffix = "_noise_removed" if removed else ""
    pairs = [
        (row[f"mse{suffix}"] / flat, row[f"gaussian_mse{suffix}"] / flat)
        for row in structured.values()
        if (flat := row[f"flat_mse{suffix}"])
    ]
    ours, theirs = (sum(pair[of] for pair in pairs) for of in (0, 1))
    return {
        "ratio_to_gaussian": ratio(ours, theirs) if structured else math.nan,
        "relative_error": ours if structured else math.nan,
        "gaussian_relative_error": theirs if structured else math.nan,
        "noise_removed": bool(structured) and removed,
        "structured_channels": list(structured),
        "structured_rule": (
            f"a channel whose target's variance, less that of the target's noise, is at least {STRUCTURED_SHARE} of "
            "the latter in the test regions; every channel where that noise is unknown"
        ),
    }


def _plain(value: Any) -> Any:
    """Numbers as JSON knows them: plain Python types, null instead of NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


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
            write_json(path, _plain(summary))
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
            name: _summary_entry(coverage[coverage["channel"] == name], own[name], fitted) for name in names
        }
    tables["errors"] = pd.DataFrame(rows, columns=COLUMNS["errors"])
    tables["coverage"] = channel_coverage(everything, fitted, bootstrap, stream(1))[COLUMNS["coverage"]]
    pooled = {name: channel_errors(everything, gaussian[:, c], c, fitted) for c, name in enumerate(names)}
    for name in names:
        own_rows = tables["coverage"][tables["coverage"]["channel"] == name]
        summary["channels"][name] = _summary_entry(own_rows, pooled[name], fitted)
    summary |= _against_baselines(pooled)
    tables["by_intensity"] = by_intensity(everything, fitted, bootstrap, stream(2))[COLUMNS["by_intensity"]]
    tables["by_token"] = by_token(everything, fitted, bootstrap, stream(3))[COLUMNS["by_token"]]
    tables["by_border"] = by_border(everything, fitted, bootstrap, stream(4))[COLUMNS["by_border"]]
    tables["by_block"] = by_block(everything, fitted)
    tables["modes"] = compare_modes(everything, fitted, stream(7))
    tables["ensemble_size"] = ensemble_size(everything, names, stream(5))
    tables["decisions"] = realised_precision(everything, fitted, exceed, bootstrap, stream(6))[COLUMNS["decisions"]]
    summary["decisions"] = tables["decisions"].to_dict("records")
