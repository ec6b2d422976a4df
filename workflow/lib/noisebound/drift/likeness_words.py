"""How a scan compares with those that calibrated, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..calibration.exchangeability import count_scans

# Most statistics that a warning names as different.
NAMED = 3
# Of each kind of statistic, what a larger and what a smaller value on the new scan means.
MORE_LESS: dict[str, tuple[str, str]] = {
    "mean": ("{of} is brighter", "{of} is darker"),
    "contrast": ("{of} varies more within blocks", "{of} varies less within blocks"),
    "noise": ("the noise of {of} is stronger", "the noise of {of} is weaker"),
    "middle": (
        "more of the variation of {of} is 4 to 8 px wide",
        "less of the variation of {of} is 4 to 8 px wide",
    ),
    "fine": (
        "more of the variation of {of} is finer than 4 px",
        "less of the variation of {of} is finer than 4 px, as after blurring",
    ),
    "zeros": ("{of} has more zeros", "{of} has fewer zeros"),
    "saturated": ("more of {of} is saturated", "less of {of} is saturated"),
    "latent": ("latent component {of} is higher", "latent component {of} is lower"),
    "dose": ("the dose is higher, whatever was measured", "the dose is lower, whatever was measured"),
    "distance": (
        "its latents lie farther from those the networks were trained on",
        "its latents lie nearer to the middle of those the networks were trained on",
    ),
}


def describe_statistic(entry: Mapping[str, Any]) -> str:
    """Say in words how one statistic differs, and in how many of 100 pairs.

    Parameters
    ----------
    entry
        One of the ``statistics`` of ``drift/<scan>.json``, with ``kind``, ``of`` and ``superiority``.

    Returns
    -------
    str
        Such as "The noise of DAPI is stronger (in 93 of 100 pairs)".
    """
    share = float(entry["superiority"])
    text = MORE_LESS[entry["kind"]][0 if share >= 0.5 else 1].format(of=entry["of"])
    return f"{text[:1].upper()}{text[1:]} (in {100 * max(share, 1 - share):.0f} of 100 pairs)"


def p_words(content: Mapping[str, Any]) -> str:
    """State the p-value, and whether it is the smallest possible one.

    Parameters
    ----------
    content
        With the numbers ``p`` and ``resolution``.

    Returns
    -------
    str
        Such as "p = 0.001, the smallest that is possible here".
    """
    p, resolution = float(content["p"]), float(content["resolution"])
    smallest = ", the smallest that is possible here" if p <= resolution * (1 + 1e-9) else ""
    return f"p = {p:.2g}{smallest}"


def likeness_words(content: Mapping[str, Any]) -> str:
    """Say in a few sentences how the scan compares with the calibrate regions, and what could be seen.

    Parameters
    ----------
    content
        Of ``drift/<scan>.json``, with ``verdict`` and the numbers that it rests on.

    Returns
    -------
    str
        The sentences.
    """
    verdict = content["verdict"]
    if verdict == "learned from":
        return "The networks learned from this scan, so it is not compared with the calibrated ones."
    if verdict == "calibrates":
        return "This scan calibrates the intervals, so other scans are compared with it."
    unit, blocks = content["unit"], content["n_calibrate_blocks"]
    own = "1 block" if blocks == 1 else f"{blocks} blocks"
    beside = count_scans(content["n_calibrate_scans"]) if unit == "scan" else own
    if verdict == "too few":
        return (
            f"Too little calibrates ({beside}) to tell whether this scan is like the calibrated ones.{_seen(content)}"
        )
    if verdict == "unlike":
        return f"Compared with the {beside} that calibrated: {p_words(content)}."
    if content["p"] <= content["level"]:
        return (
            f"Compared with the {beside} that calibrated, this scan differs a little ({p_words(content)}), by less "
            f"than calls for a warning.{_seen(content)}"
        )
    return f"Compared with the {beside} that calibrated, no difference was found ({p_words(content)}).{_seen(content)}"


def _seen(content: Mapping[str, Any]) -> str:
    """What the tests of blocks could have seen; empty where whole scans are compared."""
    if content.get("unit") != "block":
        return ""
    dose, extremes = content.get("dose"), content.get("exceedance")
    parts = []
    if dose:
        parts.append(
            f"another dose, by {100 * dose['visible']:.0f} % or more (it is {dose['ratio']:.2f} times the usual)"
        )
    if extremes and extremes["needed"]:
        parts.append(f"new material in {extremes['needed']} or more of {extremes['of']} blocks")
    if not parts:
        return " A change of dose or new material in a part of the scan could not be seen."
    # Smaller changes are not excluded by a test that found nothing.
    return f" What would be seen: {'; '.join(parts)}. Less may pass unseen."


def approximation(content: Mapping[str, Any]) -> str | None:
    """Say what the p-value rests on.

    Parameters
    ----------
    content
        Of ``drift/<scan>.json``.

    Returns
    -------
    str or None
        A few sentences; None where nothing was compared.
    """
    if content.get("unit") == "scan":
        return (
            f"Whole scans are compared: where all are drawn alike, {100 * content['level']:.3g} of 100 are called "
            "unlike by chance."
        )
    if content.get("unit") == "block":
        whole = ""
        if content.get("scan_p") is not None:
            number = content["n_calibrate_scans"]
            whole = (
                f" Compared as a whole with these {number}, p = {content['scan_p']:.2g}; this p-value is valid, but "
                f"cannot be below {1 / (number + 1):.2g}."
            )
        return (
            f"Blocks of {content['block']} px are compared as if they were independent. Neighbouring blocks are not, "
            "so the p-value is approximate and mostly too small: of simulated scans of one kind, about a third had "
            "p ≤ 0.05 this way. A warning therefore also takes a difference in "
            f"{100 * content['difference']:.3g} of 100 pairs of blocks, larger than neighbours that resemble each "
            "other explain; or many blocks beyond all calibrated ones; or another dose. With "
            f"{content['needed_scans']} scans of role calibrate, instead of "
            f"{count_scans(content['n_calibrate_scans'])}, whole scans are compared.{whole}"
        )
    return None


def unlike(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Warn of a scan that is unlike those that calibrated.

    Parameters
    ----------
    content
        Of ``drift/<scan>.json``, with ``verdict`` and the numbers that it rests on.

    Returns
    -------
    list of dict
        Empty, or one warning with kind, title, text, points and remedy.
    """
    if content["verdict"] != "unlike":
        return []
    told = [describe_statistic(entry) for entry in content["statistics"] if entry["told"]][:NAMED]
    dose, extremes = content.get("dose") or {}, content.get("exceedance") or {}
    middle = f"{likeness_words(content)} What differs most, in pairs of a {content['unit']} from here and one that "
    text = f"{middle}calibrated:" if told else "What differs:"
    if extremes.get("told"):
        told.append(_beyond(extremes, content["n_calibrate_blocks"]))
    if dose.get("told"):
        told.append(
            f"The counts are {dose['ratio']:.2g} times those of calibrated scans of like composition: another dose, or "
            f"materials that these do not hold (p = {dose['p']:.2g})"
        )
    return [
        {
            "kind": "drift",
            "title": "This scan is unlike those that calibrated the intervals",
            "text": f"The stated coverage need not hold here. {text}",
            "points": told,
            "remedy": "Measure references for one or more scans of this kind, give them the role calibrate, and run "
            "again; that trains nothing. If the sample is new to the networks as well, train on one of them.",
        }
    ]


def _beyond(extremes: Mapping[str, Any], calibrated: int) -> str:
    """How many blocks lie beyond all calibrated ones, and in what."""
    ways = []
    for entry in extremes["statistics"]:
        text = MORE_LESS[entry["kind"]][0 if entry["above"] else 1].format(of=entry["of"])
        ways.append(f"{text} in {entry['blocks']}")
    within = f": {'; '.join(ways)}" if ways else ""
    return f"{extremes['blocks']} of {extremes['of']} blocks lie beyond all {calibrated} that calibrated{within} " + (
        f"(p = {extremes['p']:.2g})"
    )
