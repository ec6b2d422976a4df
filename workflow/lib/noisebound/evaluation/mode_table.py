"""Width, interval score and conditional coverage of all ways to form corrections, at all nominal coverages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..files.coverage_key import nominal_key
from .columns import COLUMNS
from .coverage import channel_coverage
from .group_coverage import by_block, by_border, by_intensity, by_token
from .held_out import HeldOut, HeldOutIntervals, held_out_intervals
from .worst_slab import Slabs, make_slabs, worst_slab

# Most pixels of a channel, over all frames, that the modes are compared on.
MOST_PIXELS = 4_000_000


@dataclass(frozen=True)
class FittedMode:
    """The corrections of one mode, at all coverages that it has finite intervals for.

    Attributes
    ----------
    number
        0 for the mode of the configuration, then in the order of the file.
    name
        Name of the mode.
    calibration
        Its corrections.
    """

    number: int
    name: str
    calibration: Calibration

    @property
    def chosen(self) -> bool:
        """Whether the configuration asks for this mode and unit."""
        return self.number == 0


def all_modes(calibration: Calibration) -> list[FittedMode]:
    """List the corrections of every mode, that of the configuration first.

    Parameters
    ----------
    calibration
        The corrections of the run, with those fitted for comparison.

    Returns
    -------
    list of FittedMode
        Each with the coverages that it has.
    """
    content = calibration.content
    found = [FittedMode(0, content.get("mode", "as asked for"), calibration)]
    for number, other in enumerate(content.get("others", []), 1):
        changed = {key: other[key] for key in ("score", "scale", "groups", "ties", "joint", "corrections", "units")}
        changed["nominal"] = [value for value in calibration.nominal if nominal_key(value) in other["corrections"]]
        found.append(FittedMode(number, other["name"], Calibration(content | changed, calibration.path)))
    return found


def compare_modes(regions: Sequence[HeldOut], calibration: Calibration, rng: np.random.Generator) -> pd.DataFrame:
    """Compare all modes at all nominal coverages, over all frames (by token over the delivered frame alone).

    Of large scans, some frames tell as much (see :func:`fewer_frames`).

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections of the run, with those fitted for comparison.
    rng
        Draws the directions that slabs are searched along.

    Returns
    -------
    DataFrame
        One row per mode, nominal coverage and channel, with the columns:

        - number (0 for the mode of the configuration), mode, unit (at this coverage), chosen (whether the configuration
          asks for it), channel, nominal, coverage, mean_width;
        - joint_coverage, the share of pixels at which the targets of all channels are covered;
        - relative_width, mean width over that of the chosen mode;
        - winkler, the mean interval score: width plus 2 / (1 - nominal) times how far a target lies outside, in the
          unit of the reference; the smaller the better. relative_winkler: over that of the chosen mode;
        - worst_slab, the coverage in the worst slab of predictions (see ``worst_slab``);
        - decile_low and decile_high, token_low and token_high, border_low and border_high: the lowest and the highest
          coverage over deciles of predicted intensity, tokens, and distances to the border;
        - decile_gap, mean absolute difference between the coverage of the deciles and nominal;
        - block_low and block_high, the 10 % and 90 % quantiles of the coverage of blocks;
        - scan_low, scan_high and scans: lowest and highest coverage of a test scan, and their number. Repeats of one
          group count as one scan.

    References
    ----------
    Interval score: R. L. Winkler, J. Am. Stat. Assoc. 67 (1972) 187-191; T. Gneiting, A. E. Raftery, J. Am. Stat.
    Assoc. 102 (2007) 359-378, eq. 43.
    """
    rows: list[dict[str, Any]] = []
    regions = fewer_frames(regions)
    slabs = make_slabs(regions, rng)
    for mode in all_modes(calibration):
        for nominal in mode.calibration.nominal:
            rows += _rows_of(regions, mode, nominal, slabs)
    table = pd.DataFrame(rows, columns=COLUMNS["modes"])
    chosen = table[table["number"] == 0].set_index(["channel", "nominal"])
    keys = pd.MultiIndex.from_frame(table[["channel", "nominal"]])
    for relative, kind in (("relative_width", "mean_width"), ("relative_winkler", "winkler")):
        own = chosen[kind].reindex(keys).to_numpy(dtype=float)
        with np.errstate(invalid="ignore", divide="ignore"):
            table[relative] = np.where(own > 0, table[kind].to_numpy(dtype=float) / own, np.nan)
    return table


def fewer_frames(regions: Sequence[HeldOut]) -> list[HeldOut]:
    """Leave out frames, evenly, where there are more pixels than a comparison of modes needs.

    Parameters
    ----------
    regions
        Held-out regions.

    Returns
    -------
    list of HeldOut
        The same with every n-th frame and the delivered one; all frames up to ``MOST_PIXELS`` pixels of a channel.
    """
    step = -(-sum(region.target[0].size for region in regions) // MOST_PIXELS)
    if step <= 1:
        return list(regions)
    return [_with_frames(region, step) for region in regions]


def _with_frames(region: HeldOut, step: int) -> HeldOut:
    kept = sorted({*range(0, len(region.frames), step), region.delivered})
    images: dict[str, Any] = {
        name: None if (image := getattr(region, name)) is None else image[:, kept]
        for name in ("lower", "median", "upper", "target", "noise", "slope")
    }
    frames = tuple(region.frames[k] for k in kept)
    return replace(region, frames=frames, delivered=kept.index(region.delivered), **images)


def _rows_of(regions: Sequence[HeldOut], mode: FittedMode, nominal: float, slabs: Slabs) -> list[dict[str, Any]]:
    """The rows of one mode at one nominal coverage, a row per channel."""
    # Without bounds: they were fitted for the mode of the configuration alone, and no column shows them.
    at: dict[str, Any] = {"nominal": [nominal], "primary": nominal, "one_sided": {}}
    fitted = Calibration(mode.calibration.content | at, mode.calibration.path)
    fields = {region.scan: region.field for region in regions}
    blocks = by_block(regions, fitted)
    coverage = channel_coverage(regions, fitted, intervals=False)
    groups = {
        "decile": by_intensity(regions, fitted, intervals=False),
        "token": by_token(regions, fitted, intervals=False),
        "border": by_border(regions, fitted, intervals=False),
        "block": blocks,
        "scan": _by_scan(blocks, fields),
    }
    parts = [held_out_intervals(region, fitted, nominal) for region in regions]
    rows = []
    for c, (_, record) in enumerate(coverage.iterrows()):
        row: dict[str, Any] = {"number": mode.number, "mode": mode.name, "unit": fitted.unit(nominal)}
        row |= {"chosen": mode.chosen, "nominal": nominal, "scans": len(set(fields.values()))}
        row |= {key: record[key] for key in ("channel", "coverage", "joint_coverage", "mean_width")}
        row["winkler"] = _winkler(parts, c, nominal)
        row["worst_slab"] = worst_slab(slabs, np.concatenate([part.covered[c].ravel() for part in parts]))
        for kind, table in groups.items():
            own = table[table["channel"] == record["channel"]]["coverage"].to_numpy(dtype=float)
            row |= _range_of(kind, own, nominal)
        rows.append(row)
    return rows


def _winkler(parts: Sequence[HeldOutIntervals], c: int, nominal: float) -> float:
    """The mean interval score of channel ``c``."""
    total = pixels = 0.0
    for part in parts:
        low, high, target = (image[c].astype(np.float64) for image in (part.low, part.high, part.region.target))
        outside = np.maximum(low - target, 0) + np.maximum(target - high, 0)
        total += float((high - low + 2 / (1 - nominal) * outside).sum())
        pixels += target.size
    return total / pixels


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
