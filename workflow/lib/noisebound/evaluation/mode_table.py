"""What other ways to form corrections would cost in width and buy in conditional coverage, on the test regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..calibration.intervals import Calibration
from .coverage import by_block, by_border, by_intensity, by_token, channel_coverage
from .held_out import HeldOut

COLUMNS = [
    *("mode", "unit", "chosen", "channel", "nominal", "coverage", "mean_width", "relative_width", "decile_low"),
    *("decile_high", "decile_gap", "token_low", "token_high", "border_low", "border_high", "block_low", "block_high"),
    *("scan_low", "scan_high", "scans"),
]


def all_modes(calibration: Calibration) -> Iterator[tuple[str, str, bool, Calibration]]:
    """Name, unit, whether it is the one that was asked for, and corrections at the primary coverage of every mode."""
    primary = {"nominal": [calibration.primary]}
    content = calibration.content
    unit = calibration.unit(calibration.primary)
    yield content.get("mode", "as asked for"), unit, True, Calibration(content | primary, calibration.path)
    for other in content.get("others", []):
        changed = {key: other[key] for key in ("score", "scale", "groups", "ties", "corrections")}
        yield other["name"], other["unit"], False, Calibration(content | primary | changed, calibration.path)


def compare_modes(regions: Sequence[HeldOut], calibration: Calibration, rng: np.random.Generator) -> pd.DataFrame:
    """One row per mode and channel at the primary coverage, over all frames.

    Columns: relative_width, the mean width over that of the mode that was asked for; the lowest and highest coverage
    over deciles of predicted intensity, over tokens and over distances to the border; decile_gap, the mean distance of
    the deciles' coverage from nominal; block_low and block_high, the 10 % and 90 % quantiles of the coverage of blocks;
    scan_low and scan_high, the lowest and highest coverage of a test scan, and the number of those; repeats of one
    group count as one scan.
    """
    rows: list[dict[str, Any]] = []
    widths: dict[str, float] = {}
    fields = {region.scan: region.field for region in regions}
    for name, unit, chosen, fitted in all_modes(calibration):
        blocks = by_block(regions, fitted)
        whole = channel_coverage(regions, fitted, 2, rng)
        groups = {
            "decile": by_intensity(regions, fitted, 2, rng),
            "token": by_token(regions, fitted, 2, rng),
            "border": by_border(regions, fitted, 2, rng),
            "block": blocks,
            "scan": _by_scan(blocks, fields),
        }
        for _, record in whole.iterrows():
            channel = str(record["channel"])
            width = float(record["mean_width"])
            widths.setdefault(channel, width)
            row: dict[str, Any] = {"mode": name, "unit": unit, "chosen": chosen, "channel": channel}
            row |= {"nominal": fitted.primary, "coverage": float(record["coverage"]), "mean_width": width}
            row["relative_width"] = width / widths[channel] if widths[channel] > 0 else np.nan
            for kind, table in groups.items():
                own = table[table["channel"] == channel]["coverage"].to_numpy(dtype=float)
                ends = (0.1, 0.9) if kind == "block" else (0.0, 1.0)
                for end, share in zip(("low", "high"), ends, strict=True):
                    row[f"{kind}_{end}"] = float(np.quantile(own, share)) if own.size else np.nan
                if kind == "decile":
                    row["decile_gap"] = float(np.abs(own - fitted.primary).mean()) if own.size else np.nan
            row["scans"] = len(set(fields.values()))
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def _by_scan(blocks: pd.DataFrame, fields: Mapping[str, str]) -> pd.DataFrame:
    """Coverage of each field of view by itself, from that of its blocks; ``fields`` names the field of each scan."""
    weighed = blocks.assign(covered=blocks["coverage"] * blocks["n_pixels"], field=blocks["scan"].map(fields))
    sums = weighed.groupby(["channel", "field"], sort=False)[["covered", "n_pixels"]].sum().reset_index()
    return sums.assign(coverage=sums["covered"] / sums["n_pixels"])
