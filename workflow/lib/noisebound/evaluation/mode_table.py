"""Width and conditional coverage of the other ways to form corrections, on the test regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from .columns import COLUMNS
from .coverage import channel_coverage
from .group_coverage import by_block, by_border, by_intensity, by_token
from .held_out import HeldOut

# Bootstrap draws for intervals that this table does not hold.
_FEWEST_DRAWS = 2


def all_modes(calibration: Calibration) -> Iterator[tuple[str, str, bool, Calibration]]:
    """List the corrections of every mode at the primary coverage, that of the configuration first.

    Parameters
    ----------
    calibration
        The corrections of the run, with those fitted for comparison.

    Yields
    ------
    name : str
        Name of the mode.
    unit : str
        Its unit of exchangeability.
    chosen : bool
        Whether the configuration asks for this mode and unit.
    fitted : Calibration
        Its corrections.
    """
    primary = {"nominal": [calibration.primary]}
    content = calibration.content
    unit = calibration.unit(calibration.primary)
    yield content.get("mode", "as asked for"), unit, True, Calibration(content | primary, calibration.path)
    for other in content.get("others", []):
        changed = {key: other[key] for key in ("score", "scale", "groups", "ties", "corrections")}
        yield other["name"], other["unit"], False, Calibration(content | primary | changed, calibration.path)


def compare_modes(regions: Sequence[HeldOut], calibration: Calibration, rng: np.random.Generator) -> pd.DataFrame:
    """Compare all modes at the primary coverage, over all frames (by token over the delivered frame alone).

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections of the run, with those fitted for comparison.
    rng
        Source of bootstrap draws, whose intervals are not used.

    Returns
    -------
    DataFrame
        One row per mode and channel, with the columns:

        - mode, unit, chosen (whether the configuration asks for it), channel, nominal, coverage, mean_width;
        - relative_width, mean width over that of the chosen mode;
        - decile_low and decile_high, token_low and token_high, border_low and border_high: the lowest and the highest
        coverage over deciles of predicted intensity, tokens, and distances to the border;
        - decile_gap, mean absolute difference between the coverage of the deciles and nominal;
        - block_low and block_high, the 10 % and 90 % quantiles of the coverage of blocks;
        - scan_low, scan_high and scans: lowest and highest coverage of a test scan, and their number. Repeats of one
        group count as one scan.
    """
    rows: list[dict[str, Any]] = []
    widths: dict[str, float] = {}
    fields = {region.scan: region.field for region in regions}
    for name, unit, chosen, fitted in all_modes(calibration):
        blocks = by_block(regions, fitted)
        coverage = channel_coverage(regions, fitted, _FEWEST_DRAWS, rng)
        groups = {
            "decile": by_intensity(regions, fitted, _FEWEST_DRAWS, rng),
            "token": by_token(regions, fitted, _FEWEST_DRAWS, rng),
            "border": by_border(regions, fitted, _FEWEST_DRAWS, rng),
            "block": blocks,
            "scan": _by_scan(blocks, fields),
        }
        for _, record in coverage.iterrows():
            channel, width = str(record["channel"]), float(record["mean_width"])
            widths.setdefault(channel, width)
            row: dict[str, Any] = {"mode": name, "unit": unit, "chosen": chosen, "channel": channel}
            row |= {"nominal": fitted.primary, "coverage": float(record["coverage"]), "mean_width": width}
            row["relative_width"] = width / widths[channel] if widths[channel] > 0 else np.nan
            for kind, table in groups.items():
                own = table[table["channel"] == channel]["coverage"].to_numpy(dtype=float)
                row |= _range_of(kind, own, fitted.primary)
            row["scans"] = len(set(fields.values()))
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS["modes"])


def _range_of(kind: str, coverage: NDArray[np.float64], nominal: float) -> dict[str, float]:
    """The low and high end of the coverage of groups, NaN without groups; of deciles also their gap to nominal."""
    ends = (0.1, 0.9) if kind == "block" else (0.0, 1.0)
    found = {
        f"{kind}_{end}": float(np.quantile(coverage, share)) if coverage.size else np.nan
        for end, share in zip(("low", "high"), ends, strict=True)
    }
    if kind == "decile":
        found["decile_gap"] = float(np.abs(coverage - nominal).mean()) if coverage.size else np.nan
    return found


def _by_scan(blocks: pd.DataFrame, fields: Mapping[str, str]) -> pd.DataFrame:
    """Coverage of each field of view by itself, from that of its blocks; ``fields`` names the field of each scan."""
    weighed = blocks.assign(covered=blocks["coverage"] * blocks["n_pixels"], field=blocks["scan"].map(fields))
    sums = weighed.groupby(["channel", "field"], sort=False)[["covered", "n_pixels"]].sum().reset_index()
    return sums.assign(coverage=sums["covered"] / sums["n_pixels"])
