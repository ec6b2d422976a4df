"""The step evaluate: how good the delivered images are, on regions that nothing was learned from.

Every frame is predicted on its own, and its calibrated interval is exactly the delivered one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..calibration.intervals import Calibration
from ..calibration.predicted_scans import PredictedScans
from ..core.arrays import plain
from ..core.storage import digest_files, write_json
from ..core.tables import write_table
from ..decisions.exceedance import check_exceed
from .cells import CellSums
from .columns import COLUMNS, OUTPUTS
from .coverage import channel_coverage
from .ensemble_size import ensemble_size
from .group_coverage import by_block, by_border, by_intensity, by_token
from .held_out import HeldOut
from .held_out_scans import HeldOutScan, load_held_out_scans
from .image_errors import against_baselines, channel_errors
from .mode_table import compare_modes
from .precision import realised_precision
from .settings import EvaluationSettings
from .signal_coverage import signal_table
from .summary import joint_coverage, signal_entry, summary_entry, summary_head

# Numbers of the random streams: of the drawn subsets of members, and of the directions of slabs.
_SIZE, _MODES = 5, 7


def evaluate(
    scans: PredictedScans,
    calibration: str | Path,
    outputs: Mapping[str, str | Path],
    settings: EvaluationSettings,
    montages: Collection[str],
) -> None:
    """Measure coverage and errors on the test regions of all scans; write the tables and ``summary.json``.

    Tokens come from the delivered frame, which with leave-one-out is part of the other frames' targets. Coverage by
    token and errors by ensemble size therefore use the delivered frame alone; everything else uses all frames.

    Parameters
    ----------
    scans
        Files of the scans; scans without test regions are left out. Token maps may be missing.
    calibration
        ``calibration.json``.
    outputs
        Paths by names of ``columns.OUTPUTS``; a name left out is not written.
    settings
        What the configuration says about the evaluation.
    montages
        Names of the scans whose boxes are images of their own (see ``geometry.montage``).

    Raises
    ------
    InputError
        Where a test region has no reference, the channels are not the calibrated ones, or an entry of
        ``decisions.exceed`` is unusable.
    ValueError
        Where a name in ``outputs`` is unknown.
    """
    unknown = sorted(set(outputs) - set(OUTPUTS))
    if unknown:
        raise ValueError(f"unknown outputs {unknown}; known are {', '.join(OUTPUTS)}")
    fitted = Calibration.read(calibration)
    check_exceed(settings.exceed, fitted.channels)
    parts = load_held_out_scans(scans, fitted, settings.block, montages)
    summary = summary_head(fitted, settings) | {"channels": {}, "scans": {}, "decisions": []}
    summary["digests"] = _digests(scans, calibration)
    tables = {name: pd.DataFrame(columns=names) for name, names in COLUMNS.items()}
    if parts:
        everything = [region for part in parts.values() for region in part.regions]
        gaussian = [cells for part in parts.values() for cells in part.gaussian]
        pooled = _errors(everything, gaussian, fitted)
        summary["scans"], tables["errors"] = _measure_scans(parts, fitted, settings)
        tables |= _measure_all(everything, fitted, settings)
        summary["channels"] = _summaries(tables["coverage"], tables["signal"], pooled, fitted)
        summary["joint_coverage"] = joint_coverage(tables["coverage"])
        summary["decisions"] = tables["decisions"].to_dict("records")
        summary |= against_baselines(pooled, everything, gaussian)
    else:
        summary |= {"ratio_to_gaussian": None, "structured_channels": [], "joint_coverage": {}}
        summary["why"] = "No scan has a test region with a reference, so nothing could be measured."
    for name, path in outputs.items():
        if name == "summary":
            write_json(path, plain(summary))
        else:
            write_table(path, tables[name].columns, tables[name].itertuples(index=False))


def _digests(scans: PredictedScans, calibration: str | Path) -> list[dict[str, str]]:
    """Digests of all files that the evaluation rests on."""
    return digest_files(
        {
            "calibration": calibration,
            "ensemble": scans.ensembles,
            "scan": scans.scans,
            "regions": scans.regions,
            "token map": scans.tokens,
        }
    )


def _measure_scans(
    parts: Mapping[str, HeldOutScan], fitted: Calibration, settings: EvaluationSettings
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Every scan by itself: its part of the summary, and the table of errors."""
    summaries: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for scan, part in parts.items():
        coverage = channel_coverage(part.regions, fitted)
        errors = _errors(part.regions, part.gaussian, fitted)
        rows += [{"channel": name, "scan": scan, **own} for name, own in errors.items()]
        summaries[scan] = _summaries(coverage, signal_table(part.regions, fitted), errors, fitted)
    return summaries, pd.DataFrame(rows, columns=COLUMNS["errors"])


def _measure_all(
    regions: Sequence[HeldOut], fitted: Calibration, settings: EvaluationSettings
) -> dict[str, pd.DataFrame]:
    """All tables but that of the errors, over all scans."""
    return {
        "coverage": channel_coverage(regions, fitted),
        "signal": signal_table(regions, fitted),
        "by_intensity": by_intensity(regions, fitted),
        "by_token": by_token(regions, fitted),
        "by_border": by_border(regions, fitted),
        "by_block": by_block(regions, fitted),
        "modes": compare_modes(regions, fitted, _stream(settings.seed, _MODES)),
        "ensemble_size": ensemble_size(regions, fitted.channels, _stream(settings.seed, _SIZE)),
        "decisions": realised_precision(regions, fitted, settings.exceed),
    }


def _errors(regions: Sequence[HeldOut], gaussian: Sequence[CellSums], fitted: Calibration) -> dict[str, dict[str, Any]]:
    """Errors by channel; ``gaussian`` are those of the Gaussian filters."""
    return {name: channel_errors(regions, gaussian, c, fitted) for c, name in enumerate(fitted.channels)}


def _summaries(
    coverage: pd.DataFrame, signal: pd.DataFrame, errors: Mapping[str, Mapping[str, Any]], fitted: Calibration
) -> dict[str, dict[str, Any]]:
    """Entries of the summary by channel."""
    return {
        name: summary_entry(coverage[coverage["channel"] == name], errors[name], fitted)
        | {"signal": signal_entry(signal, name)}
        for name in fitted.channels
    }


def _stream(seed: int, key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key,)))
