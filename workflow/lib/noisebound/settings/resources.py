"""What a step asks a batch system for: whole megabytes and whole minutes, never so few or so many that it is misread.

Slurm and Snakemake's plugin for it take any number without a word. A time that rounds to 0 is not sent at all, so that
the job gets whatever its partition gives; 71 582 788 minutes overflow in Slurm and mean no limit, and one more means a
minute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .defaults import Settings

# Megabytes that Python needs with the two Snakemakes around a step.
LEAST_MEMORY = 500
# A second attempt, with twice as many, must outlast the three minutes after which the lock of a killed job is taken
# over (`output_lock.SILENCE`).
LEAST_MINUTES = 2
# A year. Even the largest group of steps, whose times add up, then stays below what overflows.
MOST_MINUTES = 365 * 24 * 60
# Seconds for one parameter and one pixel: about what inference takes on a processor core. Training takes four times as
# long there, and far less on a GPU; one that reaches its limit continues from its checkpoint with twice the time.
SECONDS_PER_WEIGHT = 1e-10


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
    """Time limit in minutes: ``amount`` times ``factor``, doubled with every attempt after the first.

    Parameters
    ----------
    amount : float
        What was measured, in minutes.
    factor : float
        ``cluster.time`` of the configuration.
    attempt : int
        Number of the attempt, counted from 1.

    Returns
    -------
    int
        From ``LEAST_MINUTES`` to ``MOST_MINUTES``.
    """
    return min(MOST_MINUTES, max(LEAST_MINUTES, math.ceil(amount * factor)) * 2 ** (attempt - 1))


@dataclass(frozen=True)
class StepResources:
    """What the rules name as resources: functions that Snakemake calls for every job and attempt.

    What the steps need was measured on two runs of 4 and 38 MB per scan (4 frames of 512 x 512 and 1536 x 1536 pixels,
    2 channels, 16 bits, not compressed) and on the two demos, with the peak memory of every step from ``benchmarks/``.
    The rules name about four times the slope over the size of the files, because compressed files hold more than they
    show. The least amounts include 250 MB for the two Snakemakes that every job holds besides its step.

    Parameters
    ----------
    settings
        The whole configuration.
    source_megabytes
        Megabytes of the source files of some scans.
    """

    settings: Settings
    source_megabytes: Callable[[Iterable[str]], float]

    def memory(self, base: float, per_mb: float = 0, scans: Iterable[str] | None = None) -> Callable[..., int]:
        """Megabytes of memory for a job.

        Parameters
        ----------
        base
            Megabytes that every job needs.
        per_mb
            Megabytes more for every megabyte of source files.
        scans
            Of which scans; by default the job's own.

        Returns
        -------
        callable
            Takes the job's ``wildcards`` and ``attempt``.
        """
        return self._growing(megabytes, "memory", base, per_mb, scans)

    def minutes(self, base: float, per_mb: float = 0, scans: Iterable[str] | None = None) -> Callable[..., int]:
        """Minutes that a job may take, likewise. Groups of jobs add them up, so the small steps ask for little."""
        return self._growing(whole_minutes, "time", base, per_mb, scans)

    def _growing(
        self, demand: Callable[..., int], key: str, base: float, per_mb: float, scans: Iterable[str] | None
    ) -> Callable[..., int]:
        def resource(wildcards: Any, attempt: int) -> int:
            amount = base
            if per_mb:
                amount += per_mb * self.source_megabytes([wildcards.scan] if scans is None else scans)
            return demand(amount, factor=self.settings["cluster"][key], attempt=attempt)

        return resource

    def submitted_with(self, kind: str) -> dict[str, Any]:
        """What the configuration says of jobs of a kind, "gpu" or "cpu", for Slurm.

        Keys that are left out stay with the cluster.
        """
        names = {"slurm_account": "account", "slurm_partition": f"{kind}_partition", "qos": f"{kind}_qos"}
        cluster = self.settings["cluster"]
        return {resource: cluster[key] for resource, key in names.items() if cluster[key] is not None}

    def training_minutes(self, settings: Settings | None = None) -> float:
        """Minutes for the optimiser steps of a member, with the run's settings or with those of a trial."""
        settings = self.settings if settings is None else settings
        training = settings["training"]
        pixels = training["batch"] * math.prod(training["patch"])
        return float(training["steps"] * pixels * most_parameters(settings) * SECONDS_PER_WEIGHT / 60)

    def prediction_minutes_per_mb(self) -> float:
        """Minutes for a megabyte of source files, 2 million pixels of all frames where compressed, by all members."""
        passes = self.settings["architecture"]["members"] * self.settings["ensemble"]["orientations"]
        return float(2e6 * passes * most_parameters(self.settings) * SECONDS_PER_WEIGHT / 60)


def most_parameters(settings: Settings) -> int:
    """The most parameters that a member may have."""
    drawn = settings["architecture"]
    if drawn["family"] == "unet":
        widest = drawn["unet"]["width"] * 2 ** drawn["unet"]["levels"]
        return int(4 * 3 ** settings["data"]["dimensions"] * widest**2 * drawn["unet"]["convolutions"])
    return int(drawn["parameters"] if isinstance(drawn["parameters"], int) else drawn["parameters"][1])
