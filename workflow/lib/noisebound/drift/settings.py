"""What the section ``drift`` of the configuration says about the check of a scan."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DriftSettings:
    """When a scan is called unlike those that calibrated, and when its residuals count as correlated.

    Parameters
    ----------
    level
        Largest p-value, from 0 to 1, of a scan that is called unlike.
    difference
        Share of all pairs of blocks, from 0.5 to 1, in which a statistic must also differ in one direction where blocks
        are the unit.
    correlation
        How far the autocorrelation of residuals may exceed 0 and its value on the calibrate regions.
    draws
        Random permutations behind a p-value.
    """

    level: float
    difference: float
    correlation: float
    draws: int
