"""Coverage of each channel at each nominal coverage, and of all channels at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from .columns import COLUMNS
from .held_out import HeldOut, HeldOutIntervals, held_out_intervals
from .metrics import atoms, ratio
from .shares import mean_width, resampled, shares
from .signal_coverage import bound_coverage


def channel_coverage(regions: Sequence[HeldOut], calibration: Calibration, intervals: bool = True) -> pd.DataFrame:
    """Measure the coverage of each channel at each nominal coverage, over all frames.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections.
    intervals
        Whether to compute 95 % intervals; without, they are NaN.

    Returns
    -------
    DataFrame
        One row per channel and nominal coverage:

        - coverage, and low and high, its 95 % interval (see ``error_bars``); "resampled" says whether it comes from
          blocks or scans;
        - coverage_without_atoms, coverage_of_atoms, and atoms, the share of tied targets (see ``metrics.atoms``);
        - mean_width, in the unit of the reference; zero_width, the share of intervals without width;
        - below and above, the shares of targets on either side of the interval;
        - joint_coverage, the share of pixels at which the targets of all channels are covered, with its interval
          joint_low and joint_high; the same in the rows of all channels;
        - target, what is covered, in words; coverage_of_truth, of the signal of simulated scans, else NaN;
        - lower_bound_coverage and upper_bound_coverage, the shares of targets at or within the one-sided bounds at this
          confidence.
    """
    marked = [
        _tied([region.target[c] for region in regions], calibration.floor == 0)
        for c in range(len(calibration.channels))
    ]
    rows = []
    for nominal in calibration.nominal:
        parts = [held_out_intervals(region, calibration, nominal) for region in regions]
        one = [np.zeros((), dtype=np.intp)] * len(regions)
        joint = shares(regions, [part.covered.all(axis=0) for part in parts], one, 1, intervals)
        for c, name in enumerate(calibration.channels):
            result = shares(regions, [part.covered[c] for part in parts], one, 1, intervals)
            rows.append(
                {
                    "channel": name,
                    "nominal": nominal,
                    **_with_interval(result, "coverage", ""),
                    **_counts(parts, marked[c], c),
                    "mean_width": float(mean_width(parts, c, one, 1)[0]),
                    **_with_interval(joint, "joint_coverage", "joint_"),
                    "n_pixels": int(result["n_pixels"][0]),
                    "n_blocks": int(result["n_blocks"][0]),
                    "target": calibration.target,
                    "resampled": resampled(regions),
                    "coverage_of_truth": _truth_coverage(parts, c),
                    **bound_coverage(regions, calibration, c, nominal, "repeat"),
                }
            )
    table = pd.DataFrame(rows, columns=COLUMNS["coverage"])
    order = {name: i for i, name in enumerate(calibration.channels)}
    return table.sort_values(["channel", "nominal"], key=lambda s: s.map(order) if s.name == "channel" else s)


def _with_interval(result: Mapping[str, NDArray[Any]], name: str, prefix: str) -> dict[str, float]:
    """A share of all pixels, as the column ``name``, and its interval."""
    low, high = float(result["low"][0]), float(result["high"][0])
    return {name: float(result["share"][0]), f"{prefix}low": low, f"{prefix}high": high}


def _counts(intervals: Sequence[HeldOutIntervals], marked: Sequence[NDArray[np.bool_]], c: int) -> dict[str, float]:
    """Shares of channel ``c`` that need no bootstrap; ``marked`` says per region which targets are tied."""
    covered = [part.covered[c] for part in intervals]
    pixels = sum(inside.size for inside in covered)
    tied_pixels = sum(int(tied.sum()) for tied in marked)
    inside_tied = sum(int(inside[tied].sum()) for inside, tied in zip(covered, marked, strict=True))
    inside_all = sum(int(inside.sum()) for inside in covered)
    return {
        "coverage_without_atoms": ratio(inside_all - inside_tied, pixels - tied_pixels),
        "coverage_of_atoms": ratio(inside_tied, tied_pixels),
        "atoms": tied_pixels / pixels,
        "zero_width": sum(int((part.width[c] == 0).sum()) for part in intervals) / pixels,
        "below": sum(int(part.below[c].sum()) for part in intervals) / pixels,
        "above": sum(int(part.above[c].sum()) for part in intervals) / pixels,
    }


def _truth_coverage(intervals: Sequence[HeldOutIntervals], c: int) -> float:
    inside = pixels = 0
    for part in intervals:
        if part.region.truth is not None:
            truth = part.region.truth[c]
            inside += int(((part.low[c] <= truth) & (truth <= part.high[c])).sum())
            pixels += part.low[c].size
    return ratio(inside, pixels)


def _tied(targets: Sequence[NDArray[Any]], counts: bool) -> list[NDArray[np.bool_]]:
    """Mark the tied targets of one channel, judged over all regions together; arrays in the shapes of ``targets``."""
    marked = atoms(np.concatenate([part.ravel() for part in targets]), counts)
    cuts = np.cumsum([part.size for part in targets])[:-1]
    return [piece.reshape(part.shape) for piece, part in zip(np.split(marked, cuts), targets, strict=True)]
