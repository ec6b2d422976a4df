"""Parts of ``evaluation/summary.json``: its head, and an entry per channel that explains its coverage in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..calibration.intervals import Calibration
from ..core.certainty import NO_INTERVAL, tolerance
from ..files.coverage_key import nominal_key
from .settings import EvaluationSettings

# Keys of ``calibration.json`` that the summary repeats.
CALIBRATION_KEYS = (
    *("mode", "score", "scale", "ties", "joint", "unit", "units", "unit_reason", "confidence"),
    *("n_scans", "n_whole_scans", "n_blocks", "n_pixels"),
)


def summary_head(calibration: Calibration, settings: EvaluationSettings) -> dict[str, Any]:
    """Make the part of the summary that describes the run and its calibration.

    Parameters
    ----------
    calibration
        The corrections of the run.
    settings
        Settings of the evaluation.

    Returns
    -------
    dict
        run, seed, primary, nominal, block, target, guarantee and calibration (its ``CALIBRATION_KEYS``).
    """
    return {
        "run": settings.run,
        "seed": settings.seed,
        "primary": calibration.primary,
        "nominal": list(calibration.nominal),
        "block": settings.block,
        "target": calibration.target,
        "guarantee": calibration.guarantee,
        "calibration": {key: calibration.content.get(key) for key in CALIBRATION_KEYS},
    }


def explain(row: Mapping[str, Any], calibration: Calibration) -> str:
    """Explain in words whether a coverage is near its nominal value and, where it is not, why.

    Parameters
    ----------
    row
        A row of ``channel_coverage``.
    calibration
        The corrections of the run.

    Returns
    -------
    str
        One or more sentences.
    """
    coverage, nominal = float(row["coverage"]), float(row["nominal"])
    gap = coverage - nominal
    without_width = float(row.get("zero_width", 0))
    flat = f" {without_width:.2%} of the intervals have no width: both ends are equal there." if without_width else ""
    near = tolerance(nominal)
    if abs(gap) <= near:
        return f"Coverage {coverage:.3f} is within {near:g} of the nominal {nominal:g}.{flat}"
    unit = calibration.unit(nominal)
    if gap > 0 and calibration.joint:
        return (
            f"Coverage {coverage:.3f} of this channel by itself is {gap:.3f} above the nominal {nominal:g}: the "
            f"intervals are meant to hold all channels at once (calibration.channels: together).{flat}"
        )
    if gap > 0 and unit != "pixel":
        return (
            f"Coverage {coverage:.3f} is {gap:.3f} above the nominal {nominal:g}: with "
            f"{calibration.content['n_whole_scans']} calibrate scans, the promise about further scans (unit {unit}) "
            f"takes wider intervals than these test regions need. More calibrate scans make them narrower.{flat}"
        )
    words = [f"Coverage {coverage:.3f} is {abs(gap):.3f} {'below' if gap < 0 else 'above'} the nominal {nominal:g}."]
    words += _about_chance(row)
    blocks, pixels = calibration.content.get("n_blocks"), calibration.content.get("n_pixels")
    words.append(f"The corrections rest on {blocks} calibration blocks ({pixels} pixels that resemble each other).")
    if gap < 0:
        words.append(f"{row['below']:.1%} of the targets lie below the interval and {row['above']:.1%} above it.")
    else:
        without = row["coverage_without_atoms"]
        if not math.isnan(without) and abs(without - nominal) < abs(gap):
            words.append(f"Tied targets (zeros or saturation) account for a part: without them it is {without:.3f}.")
    return " ".join(words) + flat


def _about_chance(row: Mapping[str, Any]) -> list[str]:
    """Whether the interval of a coverage contains the nominal one."""
    if math.isnan(row["low"]):
        return [f"There is {NO_INTERVAL} in the test regions, so nothing can be said about chance."]
    scans, inside = row.get("resampled") == "scans", row["low"] <= row["nominal"] <= row["high"]
    words = [
        f"The 95 % interval {row['low']:.3f} to {row['high']:.3f} "
        f"({'over test scans' if scans else str(row['n_blocks']) + ' test blocks'}) "
        + (
            f"contains the nominal coverage: {'test scans' if scans else 'blocks of this image'} differ by as much."
            if inside
            else "does not contain the nominal coverage: the test region differs from the calibrate regions."
        )
    ]
    return words


def summary_entry(rows: pd.DataFrame, errors: Mapping[str, Any], calibration: Calibration) -> dict[str, Any]:
    """Make the entry of one channel in ``summary.json``.

    Parameters
    ----------
    rows
        Rows of ``channel_coverage`` of this channel, one of them at the primary coverage.
    errors
        What ``image_errors.channel_errors`` returns for it.
    calibration
        The corrections of the run.

    Returns
    -------
    dict
        coverage (by nominal value), errors of the image, of the best Gaussian filter ("gaussian"), their ratio with its
        interval, of a flat image, structured, n_pixels, n_blocks, resampled, and explanation in words.
    """
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
                "lower_bound_coverage": row["lower_bound_coverage"],
                "upper_bound_coverage": row["upper_bound_coverage"],
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
        **{key: errors[key] for key in ("ratio_to_gaussian", "ratio_to_gaussian_low", "ratio_to_gaussian_high")},
        "flat_mse": errors["flat_mse"],
        "flat_mse_noise_removed": errors["flat_mse_noise_removed"],
        "structured": errors["structured"],
        "n_pixels": errors["n_pixels"],
        "n_blocks": int(primary["n_blocks"]),
        "resampled": primary["resampled"],
        "explanation": explain({str(key): value for key, value in primary.items()}, calibration),
    }


def signal_entry(table: pd.DataFrame, channel: str) -> dict[str, Any] | None:
    """Make the part of a channel's entry that is about the intervals for the signal.

    Parameters
    ----------
    table
        What ``signal_coverage.signal_table`` returns.
    channel
        Name of the channel.

    Returns
    -------
    dict or None
        "error_ratio" with "error_low" and "error_high" and, by nominal value in "coverage", "mean_width" and
        "of_truth"; None where the table has no row of the channel.
    """
    rows = table[table["channel"] == channel]
    if rows.empty:
        return None
    return {
        **{key: rows.iloc[0][key] for key in ("error_ratio", "error_low", "error_high")},
        "coverage": {
            nominal_key(row["nominal"]): {"mean_width": row["mean_width"], "of_truth": row["coverage_of_truth"]}
            for _, row in rows.iterrows()
        },
    }


def joint_coverage(coverage: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Look up the share of pixels at which all channels are covered at once.

    Parameters
    ----------
    coverage
        What ``channel_coverage`` returns.

    Returns
    -------
    dict
        value, low and high by nominal value.
    """
    columns = {"value": "joint_coverage", "low": "joint_low", "high": "joint_high"}
    return {
        nominal_key(row["nominal"]): {key: float(row[column]) for key, column in columns.items()}
        for _, row in coverage.drop_duplicates("nominal").iterrows()
    }
