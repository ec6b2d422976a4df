"""Which unit of exchangeability each coverage got, and what further scans would bring, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .exchangeability import UNITS, AskedUnit, Unit, count_scans, needed_scans, preferred_scans


def explain_choice(
    asked: AskedUnit, n_scans: int, units: Mapping[float, Unit], confidence: float, sides: int = 1
) -> str:
    """Explain which unit each nominal coverage got and why, and how many scans stronger units take.

    Parameters
    ----------
    asked
        ``calibration.unit``.
    n_scans
        Scans that serve calibration as a whole.
    units
        The unit of each nominal coverage.
    confidence, sides
        As for :func:`needed_scans`.

    Returns
    -------
    str
        One or more sentences.
    """
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
            f"at {value:g}, {preferred_scans('scan', value, confidence, sides)} for scan and "
            f"{preferred_scans('pac', value, confidence, sides)} for pac"
            for value in short
        ]
        words += f" From so many on, auto makes a statement about further scans: {'; '.join(needs)}."
    return words + _about_waiting(n_scans, short, units, confidence, sides)


def _about_waiting(
    n_scans: int, short: Sequence[float], units: Mapping[float, Unit], confidence: float, sides: int
) -> str:
    """Where the unit scan would be finite and is not taken yet, and how many more scans bring it; may be empty."""
    between = {
        value: preferred_scans("scan", value, confidence, sides) - n_scans
        for value in short
        if units[value] == "pixel" and n_scans >= needed_scans("scan", value, confidence, sides)
    }
    if not between:
        return ""
    words = (
        f" The unit scan would be finite at {_listed(list(between))}, but with so few scans the worst pixels of "
        "the worst scan decide its widths; calibration.unit: scan asks for it all the same."
    )
    missing = [f"{count_scans(more)} at {value:g}" for value, more in between.items() if more > 0]
    return words + (f" So many more of role calibrate bring it: {', '.join(missing)}." if missing else "")


def _listed(values: Sequence[float]) -> str:
    texts = [f"{value:g}" for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
