"""What is exchangeable, pixels or scans, and how many scans a statement about further scans takes.

Three units, from the weakest statement to the strongest. ``pixel``: pixels of held-out regions are pooled, as if a
further pixel were one more of them. ``scan``: whole scans are exchangeable, whatever their pixels have to do with one
another. ``pac``: whole scans are drawn independently, and the statement holds with a stated confidence in the draw of
those that calibrate. Module ``thresholds`` holds the thresholds and their derivations.

Only the standard library is used, because reading the workflow checks the configuration with this module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Literal

from ..core.errors import InputError

Unit = Literal["pixel", "scan", "pac"]
# What the configuration can ask for.
AskedUnit = Literal["auto", "pixel", "scan", "pac"]
# From the strongest statement to the weakest.
UNITS: tuple[Unit, ...] = ("pac", "scan", "pixel")


def decimal(value: float | Fraction) -> Fraction:
    """The shortest decimal that gives ``value`` back, as an exact fraction: 0.9 is 9/10."""
    return value if isinstance(value, Fraction) else Fraction(repr(float(value)))


@cache
def allowed_misses(n: int, miss: Fraction, delta: Fraction) -> int:
    """The largest u with P(Beta(n + 1 - u, u) >= 1 - miss) >= 1 - delta; 0 where there is none.

    With the threshold at rank n + 1 - u of n independent scores, the share of further scores below it has that Beta
    distribution (or is larger, where scores tie), hence exceeds 1 - miss with confidence 1 - delta. Computed exactly,
    as P(Beta(n + 1 - u, u) < 1 - miss) = P(Binomial(n, miss) <= u - 1).

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
    """Fewest scans that give a finite interval.

    With miss = 1 - ``nominal``: 0 for pixel, ceil(1/miss) - 1 for scan, and for pac the smallest n with
    (1 - miss)^n <= 1 - ``confidence``.

    Parameters
    ----------
    unit
        What is exchangeable.
    nominal
        Coverage of the interval.
    confidence
        That of the unit pac.
    sides
        2 for the asymmetric score, of which each side spends half of the miss rate and, for pac, half of
        1 - ``confidence``.
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


def choose_unit(asked: AskedUnit, n_scans: int, nominal: float, confidence: float, sides: int = 1) -> Unit:
    """The unit for one nominal coverage: as ``asked``, or for "auto" the strongest that ``n_scans`` keep finite."""
    if asked != "auto":
        return asked
    return next(unit for unit in UNITS if n_scans >= needed_scans(unit, nominal, confidence, sides))


def choose_units(
    asked: AskedUnit, n_scans: int, nominal: Sequence[float], primary: float, confidence: float, sides: int = 1
) -> dict[float, Unit]:
    """The unit of each ``nominal`` coverage, as ``asked``.

    "auto" takes the strongest that keeps the ``primary`` coverage finite, or a weaker one where that is infinite.
    Coverages below the primary one could often have a stronger unit; they get the same, so that one statement holds
    for as many of them as possible.
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
        Keys of the configuration with the coverages (``calibration.nominal``, two-sided) or confidences (others,
        one-sided) asked for there.
    confidence
        That of the unit pac.
    sides
        2 for the asymmetric score.
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
    """ "1 scan", "5 scans", "no scan"."""
    return "no scan" if n == 0 else "1 scan" if n == 1 else f"{n} scans"


def explain_choice(
    asked: AskedUnit, n_scans: int, units: Mapping[float, Unit], confidence: float, sides: int = 1
) -> str:
    """In words, which unit was taken for which nominal coverage and why, and what stronger ones would take."""
    if asked != "auto":
        return f"The unit {asked} was asked for (calibration.unit), with {count_scans(n_scans)} of role calibrate."
    chosen = [
        f"{unit} at {_listed(levels)}"
        for unit in UNITS
        if (levels := [value for value, taken in units.items() if taken == unit])
    ]
    repeats = ", repeats of one field of view counted once" if n_scans > 1 else ""
    words = f"calibration.unit: auto chose {', '.join(chosen)}, for {count_scans(n_scans)} of role calibrate{repeats}."
    short = [value for value, unit in units.items() if unit != "pac"]
    if short:
        needs = [
            f"at {value:g}, {needed_scans('scan', value, confidence, sides)} for scan and "
            f"{needed_scans('pac', value, confidence, sides)} for pac"
            for value in short
        ]
        words += f" A statement about further scans takes at least so many: {'; '.join(needs)}."
    return words


def _listed(values: Sequence[float]) -> str:
    texts = [f"{value:g}" for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
