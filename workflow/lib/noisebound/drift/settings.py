"""What the section ``drift`` of the configuration says about the check of a scan."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DriftSettings:
    """When a scan is called unlike those that calibrated, and its residuals correlated.

    Parameters
    ----------
    level
        Largest p-value of a scan that is called unlike.
    difference
        Share of all pairs of blocks in which one statistic must differ as well, where blocks are the unit.
    correlation
        How far the autocorrelation of residuals may exceed that on the calibrate regions.
    draws
        Random permutations behind a p-value.
    """

    level: float
    difference: float
    correlation: float
    draws: int
