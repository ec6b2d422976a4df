"""What the intervals for the signal are worth, as ``signal.csv``; and the coverage of one-sided bounds.

The signal itself is known of simulated scans alone. Of measured ones, the squared error about the signal can be
compared with what the intervals expect, because the noise of the reference is known: 1 where they are right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.interval_ends import SIDES
from ..calibration.intervals import Calibration
from ..files.coverage_key import nominal_key
from ..geometry.boxes import Box
from .cells import cell_sums
from .columns import COLUMNS
from .error_bars import interval
from .held_out import HeldOut, held_out_signal
from .metrics import ratio
from .shares import block_side

ERROR_COLUMNS = ("error_ratio", "error_low", "error_high")


def signal_table(regions: Sequence[HeldOut], calibration: Calibration) -> pd.DataFrame:
    """Measure the intervals for the signal of each channel at each nominal coverage.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The calibration.

    Returns
    -------
    DataFrame
        One row per channel and nominal coverage; none where there are no such intervals:

        - mean_width, in the unit of the reference;
        - coverage_of_truth, the share of true signals in the interval, NaN unless the scan is simulated;
        - error_ratio and its interval error_low and error_high, see :func:`error_ratio`;
        - lower_bound_coverage and upper_bound_coverage, the shares of true signals at or within the one-sided bounds on
          the signal at the confidence "nominal", NaN likewise.
    """
    rows = []
    for c, name in enumerate(calibration.channels if calibration.signal is not None else ()):
        error = dict(zip(ERROR_COLUMNS, error_ratio(regions, calibration, c), strict=True))
        for nominal in calibration.nominal:
            about = {"channel": name, "nominal": nominal, **error}
            bounds = bound_coverage(regions, calibration, c, nominal, "signal")
            rows.append(about | _intervals(regions, calibration, c, nominal) | bounds)
    return pd.DataFrame(rows, columns=COLUMNS["signal"])


def _intervals(regions: Sequence[HeldOut], calibration: Calibration, c: int, nominal: float) -> dict[str, Any]:
    inside = known = pixels = 0
    width = 0.0
    for region in regions:
        found = held_out_signal(region, calibration, nominal)
        pixels += found.low[c].size
        width += float(found.width[c].sum(dtype=np.float64))
        if region.truth is not None:
            truth = region.truth[c]
            inside += int(((found.low[c] <= truth) & (truth <= found.high[c])).sum())
            known += found.low[c].size
    return {
        "mean_width": ratio(width, pixels),
        "coverage_of_truth": ratio(inside, known),
        "n_pixels": pixels,
        "n_blocks": sum(region.n_blocks for region in regions),
    }


def error_ratio(regions: Sequence[HeldOut], calibration: Calibration, c: int) -> tuple[float, float, float]:
    """Compare the squared error about the signal with the one that the intervals expect.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The calibration, with intervals for the signal.
    c
        Number of the channel.

    Returns
    -------
    tuple of float
        Mean of (target - median)^2 - noise, over the mean of the squared spread: 1 where the intervals are right, less
        where they are too wide. Then the ends of its 95 % interval (see ``error_bars``), NaN where there are too few
        independent places. All NaN where the noise of a target is not known.
    """
    assert calibration.signal is not None
    # Sums over frames and repeats of found and expected squared errors, (2, *box), by place.
    sums: dict[tuple[str, Box], NDArray[np.float64]] = {}
    for region in regions:
        if region.noise is None or region.slope is None:
            return math.nan, math.nan, math.nan
        residual = region.target[c].astype(np.float64) - region.median[c]
        found = (np.square(residual) - region.noise[c]).sum(axis=0)
        expected = np.square(calibration.signal[c].spread(region.median[c], region.slope[c])).sum(axis=0)
        place = (region.field, region.box)
        sums[place] = sums.get(place, 0.0) + np.stack([found, expected])
    total = sum(float(part[1].sum()) for part in sums.values())
    value = ratio(sum(float(part[0].sum()) for part in sums.values()), total)
    if math.isnan(value):
        return value, math.nan, math.nan
    residuals = [cell_sums((part[0] - value * part[1]) / total, box.shape) for (_, box), part in sums.items()]
    weights = [cell_sums(part[1], box.shape) for (_, box), part in sums.items()]
    low, high = interval(value, residuals, weights, block_side(regions))
    return value, low, high


def bound_coverage(
    regions: Sequence[HeldOut], calibration: Calibration, c: int, confidence: float, of: str
) -> dict[str, float]:
    """Measure the one-sided bounds of one channel at one confidence.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The calibration.
    c
        Number of the channel.
    confidence
        Confidence of the bounds.
    of
        "repeat": the share of targets at or within the bound on a repeat measurement. "signal": the share of true
        signals at or within the bound on the signal.

    Returns
    -------
    dict
        "lower_bound_coverage" and "upper_bound_coverage"; NaN where nothing was calibrated at this confidence, or no
        truth is known.
    """
    key = nominal_key(confidence)
    table = calibration.content.get("one_sided", {}) if of == "repeat" else _signal_bounds(calibration, c)
    shares = {}
    for side in SIDES:
        inside = []
        for region in regions if key in table else ():
            values = region.target[c] if of == "repeat" else None if region.truth is None else region.truth[c]
            if values is not None:
                bound = bound_on(region, calibration, c, side, confidence, of)
                inside.append(values >= bound if side == "lower" else values <= bound)
        shares[f"{side}_bound_coverage"] = ratio(
            sum(int(part.sum()) for part in inside), sum(part.size for part in inside)
        )
    return shares


def _signal_bounds(calibration: Calibration, c: int) -> Any:
    return {} if calibration.signal is None else calibration.signal[c].bounds


def bound_on(
    region: HeldOut, calibration: Calibration, c: int, side: str, confidence: float, of: str
) -> NDArray[np.float32]:
    """Compute a one-sided bound at every pixel of a held-out region, as it is delivered.

    Parameters
    ----------
    region
        The held-out region.
    calibration
        The calibration.
    c
        Number of the channel.
    side
        "lower" or "upper".
    confidence
        Confidence of the bound.
    of
        "signal" or "repeat".

    Returns
    -------
    ndarray
        float32 (R, *box).
    """
    name, median = calibration.channels[c], region.median[c]
    if of == "signal":
        assert region.slope is not None
        return calibration.signal_bound(side, median, region.slope[c], confidence, name)
    tokens = region.tokens if calibration.by_token else None
    return calibration.bound(side, region.lower[c], median, region.upper[c], confidence, name, tokens)
