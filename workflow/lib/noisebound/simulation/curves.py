"""How good ensembles of one, two and more of the trained members are, each calibrated by itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.conformal import corrections, side_scores
from ..calibration.intervals import Calibration
from ..core.statistics import correlation, draw_subsets
from ..files.coverage_key import nominal_key

Floats = NDArray[np.float32]
logger = logging.getLogger("noisebound")
MEASURES = (
    *("correlation", "rmse", "width", "width_reduction", "noise_reduction"),
    *("coverage_of_truth", "coverage_of_reference"),
)
SHARES = {"q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q90": 0.9}
CURVE_COLUMNS = ("family", "members", "subsets", "measure", "mean", *SHARES)
# Ensembles that are averaged at a time.
_TOGETHER = 8


@dataclass(frozen=True)
class Known:
    """What is known of P test pixels.

    Parameters
    ----------
    reference, truth
        (P,) float32.
    marginal_width
        Width of the range that holds the share nominal of the truth's pixels, as many below it as above.
    noise_width
        Mean width of the central interval that holds that share of the noise.
    """

    reference: Floats
    truth: Floats
    marginal_width: float
    noise_width: float


def calibrated(quantiles: Floats, calibrate: Floats, reference: Floats, nominal: float) -> tuple[Floats, Floats]:
    """Calibrate the interval of one ensemble, as fit_calibration and calibrate_scan do for the unit pixel.

    The correction is conformal and symmetric, fitted to all calibrate pixels together.

    Parameters
    ----------
    quantiles
        Lower, median and upper of the pixels to be calibrated, (3, P) float32.
    calibrate
        The same of the pixels that calibrate, (3, Q) float32.
    reference
        Reference of the pixels that calibrate, (Q,) float32.
    nominal
        Coverage of the interval, from 0 to 1.

    Returns
    -------
    lower, upper : NDArray
        (P,) float32 each.
    """
    entry = corrections(*side_scores(calibrate[0], calibrate[2], reference), nominal, "symmetric")
    key = nominal_key(nominal)
    fitted = Calibration({"channels": ["image"], "corrections": {key: {"image": entry}}, "floor": None})
    lower, median, upper = (part[None] for part in quantiles)
    low, high, _ = fitted.interval(lower, median, upper, nominal)
    return low[0], high[0]


def judge(quantiles: Floats, interval: tuple[Floats, Floats], known: Known) -> dict[str, float]:
    """Judge one ensemble on P test pixels.

    Parameters
    ----------
    quantiles
        Lower, median and upper before calibration, (3, P) float32.
    interval
        Lower and upper after it, (P,) float32 each.
    known
        Reference and truth of these pixels.

    Returns
    -------
    dict
        ``MEASURES``. ``correlation`` and ``rmse``: of the median with the truth. ``width``: mean width of the interval.
        ``width_reduction``: ``known.marginal_width`` over it, how much narrower the interval is than a range that holds
        as many pixels without any image. ``noise_reduction``: ``known.noise_width`` over it, how much narrower it is
        than the noise of a single noisy pixel. ``coverage_of_truth`` and ``coverage_of_reference``: shares of pixels in
        the interval.
    """
    low, high = interval
    width = float((high.astype(np.float64) - low).mean())
    error = quantiles[1].astype(np.float64) - known.truth
    return {
        "correlation": correlation(quantiles[1], known.truth),
        "rmse": float(np.sqrt(np.mean(np.square(error)))),
        "width": width,
        "width_reduction": known.marginal_width / width,
        "noise_reduction": known.noise_width / width,
        "coverage_of_truth": float(((low <= known.truth) & (known.truth <= high)).mean()),
        "coverage_of_reference": float(((low <= known.reference) & (known.reference <= high)).mean()),
    }


def curves(
    family: str,
    calibrate: Floats,
    calibrate_reference: Floats,
    test: Floats,
    known: Known,
    *,
    nominal: float,
    most: int,
    random: np.random.Generator,
) -> pd.DataFrame:
    """Judge ensembles of every size: average their members' quantiles and calibrate each ensemble by itself.

    Parameters
    ----------
    family
        Name that stands in every row.
    calibrate
        Members' quantiles of the calibrate pixels, (M, 3, Q) float32.
    calibrate_reference
        Their reference, (Q,) float32.
    test
        Members' quantiles of the test pixels, (M, 3, P) float32.
    known
        Reference and truth of the test pixels.
    nominal
        Coverage of the intervals, from 0 to 1.
    most
        Most ensembles of each size. Where there are more, so many different ones are drawn evenly.
    random
        Draws them.

    Returns
    -------
    DataFrame
        ``CURVE_COLUMNS``: one row per size and measure, with mean and quantiles over the ensembles of that size.
    """
    total = len(test)
    rows: list[dict[str, Any]] = []
    for size in range(1, total + 1):
        found: list[dict[str, float]] = []
        subsets = draw_subsets(total, size, most, random)
        for start in range(0, len(subsets), _TOGETHER):
            weights = np.zeros((len(subsets[start : start + _TOGETHER]), total), dtype=np.float32)
            for weight, subset in zip(weights, subsets[start:], strict=False):
                weight[list(subset)] = 1 / size
            averaged = (np.tensordot(weights, part, 1) for part in (calibrate, test))
            for learned, judged in zip(*averaged, strict=True):
                interval = calibrated(judged, learned, calibrate_reference, nominal)
                found.append(judge(judged, interval, known))
        rows += summarise(family, size, found)
        logger.info("%s: %d ensembles of %d members", family, len(subsets), size)
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))


def summarise(family: str, size: int, found: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Summarise the ensembles of one size.

    Parameters
    ----------
    family
        Name that stands in every row.
    size
        Members of an ensemble.
    found
        What :func:`judge` returned for each ensemble.

    Returns
    -------
    list of dict
        One row of ``CURVE_COLUMNS`` for each of ``MEASURES``.
    """
    rows = []
    for measure in MEASURES:
        values = np.array([entry[measure] for entry in found])
        shares = dict(zip(SHARES, np.quantile(values, list(SHARES.values())), strict=True))
        rows.append(
            {"family": family, "members": size, "subsets": len(found), "measure": measure, "mean": values.mean()}
            | shares
        )
    return rows
