"""Whether a scan in counts was measured with the dose of the calibrated ones, apart from what it is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from .block_errors import error_of_difference
from .block_statistics import Doubles

# Weight of the prior "the dose is the sum of all channels", beside blocks whose channels vary by their own mean.
_PRIOR = 0.1
# Fewest scans whose own spread is taken into account.
_SCANS = 3
# Smaller changes of dose are not called one.
SMALLEST = 0.1


@dataclass(frozen=True)
class Dose:
    """How the dose of a scan compares with that of the calibrated ones.

    Parameters
    ----------
    ratio
        Dose of the scan over that of the calibrated ones.
    p
        P-value, two-sided.
    visible
        Smallest relative change of dose that is called one at the asked level, such as 0.1.
    totals
        Total counts per pixel of the scan over those of the calibrated ones, whatever it is made of.
    """

    ratio: float
    p: float
    visible: float
    totals: float


def compare_dose(calibrated: Doubles, field: NDArray[np.integer], new: Doubles, level: float) -> Dose | None:
    """Compare the dose of a scan with that of the calibrated ones.

    Parameters
    ----------
    calibrated
        (n, C) float64, mean counts of the calibrated blocks, block by block along the rows of each scan.
    field
        (n,), number of the scan of each calibrated block.
    new
        (m, C) float64, mean counts of the blocks of the scan.
    level
        Largest p-value that counts.

    Returns
    -------
    Dose or None
        None where nothing was counted, or too few blocks tell their spread.

    Notes
    -----
    The counts x of a block depend on the dose and on what lies there. Where phases mix, x moves along a line, a plane
    ... between the x of the phases; where the dose changes, x moves towards 0 or away from it. The index of the dose is
    therefore the weighted sum of channels w x that is nearest to 1 on all calibrated blocks, by ridge regression
    towards the plain sum of channels. With more phases than channels, some influence of the composition is left; it is
    part of the spread from block to block and from scan to scan.

    The p-value is the larger of two. The first compares the means over blocks by a t test, whose error follows from
    the means of batches of neighbouring blocks (``error_of_difference``), so that blocks need not be independent. The
    second, from 3 calibrated scans on, compares whole scans: t = (new - mean) / (s sqrt(1 + 1 / K)) with K - 1 degrees
    of freedom.
    """
    usual = calibrated.mean(axis=0) if len(calibrated) else np.zeros(calibrated.shape[1])
    counted = usual > 0
    if not counted.any() or not len(new):
        return None
    weights = _weights(calibrated[:, counted] / usual[counted], usual[counted])
    index, own = (values[:, counted] / usual[counted] @ weights for values in (calibrated, new))
    scans = [index[field == number] for number in np.unique(field)]
    centre = float(index.mean())
    totals = float(new.sum(axis=1).mean() / usual.sum())
    if centre <= 0:
        return None
    ratio = float(own.mean()) / centre
    error, freedom = error_of_difference([scan[:, None] for scan in scans], own[:, None])
    tests = [(float(error[0]) / centre, freedom)]
    if len(scans) >= _SCANS:
        means = np.array([scan.mean() for scan in scans])
        tests.append((means.std(ddof=1) * math.sqrt(1 + 1 / len(means)) / centre, len(means) - 1.0))
    known = [(error, freedom) for error, freedom in tests if freedom >= 1]
    if len(known) < len(tests):
        return None
    away = abs(ratio - 1)
    p = max(2 * float(student.sf(away / max(error, 1e-12), freedom)) for error, freedom in known)
    visible = max(float(student.isf(level / 2, freedom)) * error for error, freedom in known)
    return Dose(ratio, p, max(visible, SMALLEST), totals)


def dose_index(blocks: Doubles) -> Doubles:
    """Compute the index of the dose (see :func:`compare_dose`) of blocks that are all treated alike.

    Parameters
    ----------
    blocks
        (n, C) float64, mean counts of all blocks that are compared, calibrated and new ones.

    Returns
    -------
    NDArray
        (n,) float64, about 1; 1 where nothing was counted.
    """
    usual = blocks.mean(axis=0)
    counted = usual > 0
    if not counted.any():
        return np.ones(len(blocks))
    relative = blocks[:, counted] / usual[counted]
    index: Doubles = relative @ _weights(relative, usual[counted])
    return index


def _weights(relative: Doubles, usual: Doubles) -> Doubles:
    """Weights (C,) of the channels, for blocks (n, C) in units of their means ``usual``; see :func:`compare_dose`."""
    prior = usual / usual.sum()
    left = 1 - relative @ prior
    square = relative.T @ relative + _PRIOR * np.eye(len(prior))
    weights: Doubles = prior + np.linalg.solve(square, relative.T @ left)
    return weights
