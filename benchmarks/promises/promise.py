"""One promise of the library beside what simulation found of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.stats import beta

# Confidence of the Monte Carlo interval beside each figure.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Promise:
    """What is promised in one simulated world, and what was found there.

    Attributes
    ----------
    about
        What is promised, such as "coverage of the signal at 0.9".
    world
        The simulated world in a few words.
    promised
        The promise in words, such as "within 0.02 of 0.9".
    found
        The figure that simulation gave.
    low, high
        95 % Monte Carlo interval of ``found``: what it would be with ever more data sets.
    kept
        Whether ``found`` satisfies the promise.
    data_sets
        Number of simulated data sets.
    beside
        What else the reader should know, such as the figure of an older method; may be empty.
    """

    about: str
    world: str
    promised: str
    found: float
    low: float
    high: float
    kept: bool
    data_sets: int
    beside: str = ""


class Study(Protocol):
    """A module of this package: its ``TITLE``, and a function that simulates."""

    TITLE: str

    def promises(self, data_sets: int, seed: int) -> Iterator[Promise]:
        """Simulate ``data_sets`` data sets per world, and give one promise after the other."""


def interval_of_share(hits: int, of: int) -> tuple[float, float]:
    """The exact interval of Clopper and Pearson for a share of independent data sets."""
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, of - hits)) if hits < of else 1.0
    return low, high


def interval_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """Mean plus and minus 1.96 standard errors over independent data sets."""
    own = np.asarray(values, dtype=np.float64)
    half = 1.96 * own.std(ddof=1) / np.sqrt(own.size) if own.size > 1 else np.inf
    return float(own.mean() - half), float(own.mean() + half)


def share_at_least(about: str, world: str, hits: Sequence[bool], least: float, beside: str = "") -> Promise:
    """Promise that something happens in at least the share ``least`` of data sets."""
    n, k = len(hits), int(sum(hits))
    return Promise(
        about, world, f"at least {least:g}", k / n, *interval_of_share(k, n), k / n >= least, n, beside=beside
    )


def share_at_most(about: str, world: str, hits: Sequence[bool], most: float, beside: str = "") -> Promise:
    """Promise that something happens in at most the share ``most`` of data sets."""
    n, k = len(hits), int(sum(hits))
    return Promise(about, world, f"at most {most:g}", k / n, *interval_of_share(k, n), k / n <= most, n, beside=beside)


def mean_within(
    about: str, world: str, values: Sequence[float], wanted: float, within: float, beside: str = ""
) -> Promise:
    """Promise that a figure lies, on average over data sets, within a distance of what is wanted."""
    found = float(np.mean(values))
    kept = abs(found - wanted) <= within
    promised = f"within {within:g} of {wanted:g}"
    return Promise(about, world, promised, found, *interval_of_mean(values), kept, len(values), beside=beside)
