"""What is exchangeable, pixels or scans, and how many scans a statement about further scans takes.

There are three units of exchangeability, from the weakest statement to the strongest. ``pixel``: pixels of held-out
regions are pooled, as if a further pixel were one more of them. ``scan``: whole scans are exchangeable, however the
pixels of a scan depend on each other. ``pac``: whole scans are drawn independently, and the statement holds with a
stated confidence over the draw of the scans that calibrate. The module ``thresholds`` holds the thresholds and their
derivations.

Only the standard library is used, because the workflow checks the configuration with this module when it is read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Literal

from ..core.errors import InputError

Unit = Literal["pixel", "scan", "pac"]
# The units that the configuration can ask for.
AskedUnit = Literal["auto", "pixel", "scan", "pac"]
# From the strongest statement to the weakest.
UNITS: tuple[Unit, ...] = ("pac", "scan", "pixel")


def decimal(value: float | Fraction) -> Fraction:
    """Convert a number to the exact fraction of its shortest decimal: 0.9 becomes 9/10.

    Parameters
    ----------
    value
        A finite number.

    Returns
    -------
    Fraction
        The shortest decimal that gives ``value`` back; a fraction is returned as it is.
    """
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))


@cache
def allowed_misses(n: int, miss: Fraction, delta: Fraction) -> int:
    """Find the largest u with P(Beta(n + 1 - u, u) >= 1 - miss) >= 1 - delta.

    Take the score at rank n + 1 - u of n independent scores as the threshold. The share of further scores below it has
    that Beta distribution (or is larger, where scores tie), so it is at least 1 - miss with confidence 1 - delta.
    Computed exactly, as P(Beta(n + 1 - u, u) < 1 - miss) = P(Binomial(n, miss) <= u - 1).

    Parameters
    ----------
    n
        Number of scores.
    miss
        Allowed share of further scores above the threshold.
    delta
        Allowed probability that more than this share lies above.

    Returns
    -------
    int
        u, from 0 (there is none) to n.

    References
    ----------
    V. Vovk, "Conditional validity of inductive conformal predictors", ACML 2012 (arXiv:1209.2673).
    """
    p, q = miss.numerator, miss.denominator
    limit = delta * Fraction(q) ** n
    total, u = 0, 0
    while u <= n:
        total += math.comb(n, u) * p**u * (q - p) ** (n - u)
        if total > limit:
            break
        u += 1
    return min(u, n)


@cache
def needed_scans(unit: Unit, nominal: float, confidence: float, sides: int = 1) -> int:
    """Compute the smallest number of scans that gives a finite interval.

    With miss = 1 - ``nominal``: 0 for pixel, ceil(1/miss) - 1 for scan, and for pac the smallest n with (1 - miss)^n <=
    1 - ``confidence``.

    Parameters
    ----------
    unit
        What is exchangeable.
    nominal
        Coverage of the interval.
    confidence
        Confidence of the unit pac.
    sides
        1 for the symmetric score and for one-sided bounds. 2 for the asymmetric score: each side takes half of
        miss and, for pac, half of 1 - ``confidence``.

    Returns
    -------
    int
        Number of scans.
    """
    miss, delta = (1 - decimal(nominal)) / sides, (1 - decimal(confidence)) / sides
    if unit == "pixel":
        return 0
    if unit == "scan":
        return math.ceil(1 / miss) - 1
    n = max(1, math.floor(math.log(delta) / math.log1p(-miss)) - 1)
    while (1 - miss) ** n > delta:
        n += 1
    return n


def preferred_scans(unit: Unit, nominal: float, confidence: float, sides: int = 1) -> int:
    """Compute from how many scans on "auto" takes a unit.

    With the least number of scans, the threshold of the unit scan is the largest score of all pixels of all of them:
    one bad pixel decides the width of all intervals. With 2 * ceil(1/miss) - 1 scans, as many pixels as one whole scan
    has may lie beyond it.

    Parameters
    ----------
    unit, nominal, confidence, sides
        As for :func:`needed_scans`.

    Returns
    -------
    int
        For scan, twice :func:`needed_scans` and one more; for the other units as many as they need.
    """
    needed = needed_scans(unit, nominal, confidence, sides)
    return 2 * needed + 1 if unit == "scan" else needed


def choose_unit(asked: AskedUnit, n_scans: int, nominal: float, confidence: float, sides: int = 1) -> Unit:
    """Choose the unit of exchangeability for one nominal coverage.

    With "auto", the unit scan is taken from about twice the scans on that it needs (see :func:`preferred_scans`).

    Parameters
    ----------
    asked
        ``calibration.unit``: a unit, or "auto" for the strongest one that ``n_scans`` carry.
    n_scans
        Scans that serve calibration as a whole.
    nominal, confidence, sides
        As for :func:`needed_scans`.

    Returns
    -------
    str
        "pixel", "scan" or "pac".
    """
    if asked != "auto":
        return asked
    return next(unit for unit in UNITS if n_scans >= preferred_scans(unit, nominal, confidence, sides))


def choose_units(
    asked: AskedUnit, n_scans: int, nominal: Sequence[float], primary: float, confidence: float, sides: int = 1
) -> dict[float, Unit]:
    """Choose the unit of exchangeability for each nominal coverage.

    With "auto", every coverage gets the strongest unit that the scans carry at the primary coverage, or a weaker one
    where they do not carry it at its own coverage. Small coverages could often have a stronger unit than the primary
    one; they get the same, so that one statement holds for as many coverages as possible.

    Parameters
    ----------
    asked
        ``calibration.unit``: "auto", or a unit, which all coverages then get.
    n_scans
        Scans that serve calibration as a whole.
    nominal
        The coverages, or confidences of one-sided bounds.
    primary
        The primary coverage.
    confidence, sides
        As for :func:`needed_scans`.

    Returns
    -------
    dict
        The unit of each value of ``nominal``.
    """
    first = UNITS.index(choose_unit(asked, n_scans, primary, confidence, sides))
    chosen = {}
    for value in nominal:
        own = UNITS.index(choose_unit(asked, n_scans, value, confidence, sides))
        chosen[value] = UNITS[max(first, own)] if asked == "auto" else UNITS[own]
    return chosen


def check_scans(
    asked: AskedUnit,
    n_scans: int,
    levels: Mapping[str, Sequence[float]],
    confidence: float,
    sides: int,
    file: object = None,
) -> None:
    """Refuse a unit that would make an interval infinite.

    Parameters
    ----------
    asked
        ``calibration.unit``; "auto" and "pixel" are never refused.
    n_scans
        Scans that serve calibration as a whole; repeats of one group count once.
    levels
        Values by key of the configuration: two-sided coverages (``calibration.nominal``) or one-sided confidences (all
        other keys).
    confidence
        Confidence of the unit pac.
    sides
        2 for the asymmetric score, else 1.
    file
        The configuration, for the message.

    Raises
    ------
    InputError
        Where there are too few scans for one of the ``levels``.
    """
    if asked == "auto" or asked == "pixel":
        return
    for key, values in levels.items():
        for value in values:
            needed = needed_scans(asked, value, confidence, sides if key == "calibration.nominal" else 1)
            if n_scans < needed:
                raise InputError(
                    f"with {count_scans(n_scans)} of role calibrate, the interval at {value:g} ({key}) would be "
                    f"infinite: the unit {asked!r} needs {needed} of them there",
                    file=str(file) if file is not None else None,
                    key="calibration.unit",
                    value=asked,
                    remedy=f"give {needed} scans (each of its own group, if groups are named) the role calibrate, take "
                    f"{value:g} out of {key}, or use the unit auto or pixel",
                )


def count_scans(n: int) -> str:
    """Write a number of scans in words, such as "no scan", "1 scan" or "5 scans".

    Parameters
    ----------
    n
        Number of scans.

    Returns
    -------
    str
        The words.
    """
    return "no scan" if n == 0 else "1 scan" if n == 1 else f"{n} scans"
