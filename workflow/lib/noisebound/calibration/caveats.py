"""The second part of the promise of the intervals: other units, single frames, groups, ties, infinite intervals."""

from __future__ import annotations

from ..files.coverage_key import nominal_key
from .exchangeability import UNITS, Unit
from .fitted import FittedCorrections
from .modes import Grouping

GROUP_WORDS: dict[Grouping, str] = {"none": "", "intensity": "bin of predicted intensity", "token": "token"}


def caveats(fitted: FittedCorrections) -> list[str]:
    """Write the sentences that follow the promise at the primary coverage.

    Parameters
    ----------
    fitted
        The corrections that were asked for.

    Returns
    -------
    list of str
        One or more sentences each; empty where there is nothing to add.
    """
    words = [_about_unit(fitted, unit) for unit in UNITS if unit != fitted.unit]
    if fitted.unit != "pixel" and any(own.frames > 1 for own in fitted.pixels.whole):
        words.append(
            "A scan stands for all its frames and repeats, as many as those in calibration have; a single frame of "
            "it can have less."
        )
    if group := GROUP_WORDS[fitted.settings.groups]:
        words.append(
            f"Whether a {group} stands by itself depends on how many calibration pixels it has: what is "
            "promised of it is a mean over all calibrations, not only over those in which it does."
        )
    if fitted.settings.groups == "token":
        words.append(
            f"Tokens with fewer than {fitted.settings.smallest_group} calibration pixels count together as one. Tokens "
            "that calibration never saw take the correction of these, or where there are none that of all pixels; "
            "nothing is promised for them. Tokens belong to the delivered frame, so only that frame was counted."
        )
    if fitted.settings.mode.joint:
        words.append(
            "Each channel by itself is covered more often than that. One-sided bounds, and decisions by them, are "
            "about one channel."
        )
    if fitted.borrowed:
        named = "; ".join(f"{group} (at {', '.join(values)})" for group, values in fitted.borrowed.items())
        words.append(
            f"Too few calibration pixels or scans have {named}: there the correction of all pixels is taken, and "
            "nothing is promised for these by themselves."
        )
    if fitted.settings.mode.random_ties:
        words.append(
            "Ties are broken at random, by a number drawn for each pixel, so that coverage is not more than asked "
            "for where many values are equal."
        )
    if fitted.infinite:
        words.append(
            f"Too few pixels for {'; '.join(fitted.infinite)}: those intervals are infinite rather than falsely finite."
        )
    return [sentence for sentence in words if sentence]


def _about_unit(fitted: FittedCorrections, unit: Unit) -> str:
    """What is promised at coverages and bounds that have this ``unit``; empty where none has it."""
    levels = [nominal_key(value) for value, taken in fitted.units.items() if taken == unit]
    sides = [nominal_key(value) for value, taken in fitted.bound_units.items() if taken == unit]
    where = [f"nominal coverage {', '.join(levels)}"] if levels else []
    where += [f"one-sided bounds, and decisions by them, at {', '.join(sides)}"] if sides else []
    means = {
        "pixel": "is about pixels of the calibrated fields of view, approximately, not about further scans",
        "scan": "is about further scans, on average",
        "pac": f"is about further scans, with {in_100(fitted.settings.confidence)} % confidence",
    }[unit]
    return f"Another promise holds for {' and for '.join(where)}: it {means} (unit {unit})." if where else ""


def in_100(share: float) -> str:
    """Write a share as a number in 100, as short as possible, such as "90" or "99.5".

    Parameters
    ----------
    share
        Between 0 and 1.

    Returns
    -------
    str
        The number without a percent sign.
    """
    return nominal_key(round(100 * share, 6))
