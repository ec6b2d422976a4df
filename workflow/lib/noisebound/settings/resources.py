"""What a step asks a batch system for: whole megabytes and whole minutes, never so few or so many that it is misread.

Slurm and Snakemake's plugin for it take any number without a word. A time that rounds to 0 is not sent at all, so that
the job gets whatever its partition gives; 71 582 788 minutes overflow in Slurm and mean no limit, and one more means a
minute.
"""

from __future__ import annotations

import math

# Megabytes that Python needs with the two Snakemakes around a step.
LEAST_MEMORY = 500
# A second attempt, with twice as many, must outlast the three minutes after which the lock of a killed job is taken
# over (`joblock.SILENCE`).
LEAST_MINUTES = 2
# A year. Even the largest group of steps, whose times add up, then stays below what overflows.
MOST_MINUTES = 365 * 24 * 60


def megabytes(amount: float, factor: float, attempt: int) -> int:
    """Memory in MB: ``amount`` times ``factor``, at least ``LEAST_MEMORY``, doubled with every attempt after the first.

    Parameters
    ----------
    amount : float
        What was measured, in MB.
    factor : float
        ``cluster.memory`` of the configuration.
    attempt : int
        Number of the attempt, counted from 1.
    """
    return max(LEAST_MEMORY, math.ceil(amount * factor)) * 2 ** (attempt - 1)


def whole_minutes(amount: float, factor: float, attempt: int) -> int:
    """Time limit in minutes, likewise, from ``LEAST_MINUTES`` to ``MOST_MINUTES``."""
    return min(MOST_MINUTES, max(LEAST_MINUTES, math.ceil(amount * factor)) * 2 ** (attempt - 1))
