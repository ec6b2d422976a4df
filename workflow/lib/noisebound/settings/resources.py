"""What a step requests from a batch system: whole megabytes and whole minutes, in a range that Slurm reads correctly.

Slurm and Snakemake's plugin for it accept any number without complaint. A time that rounds to 0 is not sent at all, so
the job gets the default of its partition. 71 582 788 minutes overflow in Slurm and mean no limit; one minute more means
one minute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .defaults import Settings

# Megabytes that Python and the two processes of Snakemake around a step need.
LEAST_MEMORY = 500
# A second attempt, with twice as many, must last longer than the three minutes after which the lock of a killed job
# is taken over (`output_lock.SILENCE`).
LEAST_MINUTES = 2
# A year. The times of a group of steps add up; even those of the largest group then do not overflow.
MOST_MINUTES = 365 * 24 * 60
# Seconds per parameter and pixel, about what inference takes on a processor core. Training takes four times as long
# there, and far less on a GPU. A training that reaches its limit continues from its checkpoint with twice the time.
SECONDS_PER_WEIGHT = 1e-10


def megabytes(amount: float, factor: float, attempt: int) -> int:
    """Compute the memory that a job requests.

    Parameters
    ----------
    amount
        Memory that the job needs, in MB.
    factor
        ``cluster.memory`` of the configuration.
    attempt
        Number of the attempt, from 1.

    Returns
    -------
    int
        MB: ``amount`` times ``factor``, at least ``LEAST_MEMORY``, and doubled with each further attempt.
    """
    return max(LEAST_MEMORY, math.ceil(amount * factor)) * 2 ** (attempt - 1)


def whole_minutes(amount: float, factor: float, attempt: int) -> int:
    """Compute the time limit that a job requests.

    Parameters
    ----------
    amount
        Time that the job needs, in minutes.
    factor
        ``cluster.time`` of the configuration.
    attempt
        Number of the attempt, from 1.

    Returns
    -------
    int
        Minutes: ``amount`` times ``factor``, at least ``LEAST_MINUTES``, doubled with each further attempt, at most
        ``MOST_MINUTES``.
    """
    return min(MOST_MINUTES, max(LEAST_MINUTES, math.ceil(amount * factor)) * 2 ** (attempt - 1))


@dataclass(frozen=True)
class StepResources:
    """The resources of the rules, as functions that Snakemake calls for every job and attempt.

    The needs of the steps were measured on two runs of 4 and 38 MB per scan (4 frames of 512 x 512 and 1536 x 1536
    pixels, 2 channels, 16 bits, not compressed) and on the two demos, from the peak memory in ``benchmarks/``. The
    rules request about four times the measured increase per megabyte of source files, because compressed files hold
    more pixels. The base amounts include 250 MB for the two processes of Snakemake that every job has besides its step.

    Parameters
    ----------
    settings
        The whole configuration.
    source_megabytes
        Returns the megabytes of the source files of some scans.
    """

    settings: Settings
    source_megabytes: Callable[[Iterable[str]], float]

    def memory(self, base: float, per_mb: float = 0, scans: Iterable[str] | None = None) -> Callable[..., int]:
        """Make the function that computes the memory of a job.

        Parameters
        ----------
        base
            Megabytes that every job needs.
        per_mb
            Further megabytes per megabyte of source files.
        scans
            The scans whose source files count; None for the job's own scan.

        Returns
        -------
        callable
            Takes the job's ``wildcards`` and ``attempt``; returns MB.
        """
        return self._growing(megabytes, "memory", base, per_mb, scans)

    def minutes(self, base: float, per_mb: float = 0, scans: Iterable[str] | None = None) -> Callable[..., int]:
        """Make the function that computes the time limit of a job.

        The limits of a group of jobs add up, so the small steps request little.

        Parameters
        ----------
        base
            Minutes that every job needs.
        per_mb
            Further minutes per megabyte of source files.
        scans
            The scans whose source files count; None for the job's own scan.

        Returns
        -------
        callable
            Takes the job's ``wildcards`` and ``attempt``; returns minutes.
        """
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
        """Return the account, partition and quality of service that the configuration names for jobs.

        Parameters
        ----------
        kind
            "gpu" or "cpu".

        Returns
        -------
        dict
            ``slurm_account``, ``slurm_partition`` and ``qos``. Keys that are null in the configuration are left out, so
            that the default of the cluster applies.
        """
        names = {"slurm_account": "account", "slurm_partition": f"{kind}_partition", "qos": f"{kind}_qos"}
        cluster = self.settings["cluster"]
        return {resource: cluster[key] for resource, key in names.items() if cluster[key] is not None}

    def training_minutes(self, settings: Settings | None = None) -> float:
        """Estimate the time that the optimiser steps of one member take.

        Parameters
        ----------
        settings
            The whole configuration of a trial; None for that of the run.

        Returns
        -------
        float
            Minutes.
        """
        settings = self.settings if settings is None else settings
        training = settings["training"]
        pixels = training["batch"] * math.prod(training["patch"])
        return float(training["steps"] * pixels * most_parameters(settings) * SECONDS_PER_WEIGHT / 60)

    def prediction_minutes_per_mb(self) -> float:
        """Estimate the time that all members take to predict the pixels in one megabyte of source files.

        A megabyte is taken to hold 2 million pixels, over all frames, as it may if it is compressed.

        Returns
        -------
        float
            Minutes.
        """
        passes = self.settings["architecture"]["members"] * self.settings["ensemble"]["orientations"]
        return float(2e6 * passes * most_parameters(self.settings) * SECONDS_PER_WEIGHT / 60)


def most_parameters(settings: Settings) -> int:
    """Return an upper limit of the number of parameters of a member.

    Parameters
    ----------
    settings
        The whole configuration.

    Returns
    -------
    int
        The upper bound in ``architecture.parameters``; for U-Nets an estimate that is too high rather than too low.
    """
    drawn = settings["architecture"]
    if drawn["family"] == "unet":
        widest = drawn["unet"]["width"] * 2 ** drawn["unet"]["levels"]
        return int(4 * 3 ** settings["data"]["dimensions"] * widest**2 * drawn["unet"]["convolutions"])
    return int(drawn["parameters"] if isinstance(drawn["parameters"], int) else drawn["parameters"][1])
