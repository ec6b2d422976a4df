"""The findings of the check of one scan, in words for its page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..calibration.exchangeability import count_scans

# Most statistics that a warning names as different.
NAMED = 3
# Of each kind of statistic, what a larger and what a smaller value on the new scan means.
_MORE_LESS: dict[str, tuple[str, str]] = {
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
    text = _MORE_LESS[entry["kind"]][0 if share >= 0.5 else 1].format(of=entry["of"])
    return f"{text[:1].upper()}{text[1:]} (in {100 * max(share, 1 - share):.0f} of 100 pairs)"


def explain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Put the findings on a scan into words.

    Parameters
    ----------
    content
        The rest of ``drift/<scan>.json``.

    Returns
    -------
    dict
        ``words``: the comparison in one sentence. ``approximation``: what its p-value rests on, None where nothing was
        compared. ``warnings``: a list, each with kind, title, text, points and remedy.
    """
    return {
        "words": likeness_words(content),
        "approximation": _approximation(content),
        "warnings": [*_unlike(content), *_correlated(content), *_structure(content)],
    }


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
    """Say in one sentence how the scan compares with the calibrate regions.

    Parameters
    ----------
    content
        Of ``drift/<scan>.json``, with ``verdict`` and the numbers that it rests on.

    Returns
    -------
    str
        The sentence.
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
        return f"Too little calibrates ({beside}) to tell whether this scan is like the calibrated ones."
    if verdict == "unlike":
        return f"Compared with the {beside} that calibrated: {p_words(content)}."
    if content["p"] <= content["level"]:
        return (
            f"Compared with the {beside} that calibrated, this scan differs a little ({p_words(content)}), by less "
            "than calls for a warning."
        )
    return f"Compared with the {beside} that calibrated, nothing about this scan stands out ({p_words(content)})."


def _approximation(content: Mapping[str, Any]) -> str | None:
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
            f"{100 * content['difference']:.3g} of 100 pairs of blocks. With {content['needed_scans']} scans of role "
            f"calibrate, instead of {count_scans(content['n_calibrate_scans'])}, whole scans are compared.{whole}"
        )
    return None


def _unlike(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    if content["verdict"] != "unlike":
        return []
    unit = content["unit"]
    return [
        {
            "kind": "drift",
            "title": "This scan is unlike those that calibrated the intervals",
            "text": f"The stated coverage need not hold here. {likeness_words(content)} What differs most, in pairs "
            f"of a {unit} from here and one that calibrated:",
            "points": [describe_statistic(entry) for entry in content["statistics"] if entry["told"]][:NAMED],
            "remedy": "Measure references for one or more scans of this kind, give them the role calibrate, and run "
            "again; that trains nothing. If the sample is new to the networks as well, train on one of them.",
        }
    ]


def _correlated(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    findings = content.get("residuals")
    if not findings or findings["verdict"] != "correlated":
        return []
    parts = []
    for entry in findings["channels"]:
        if entry["correlated"]:
            worst = max(entry["lags"], key=lambda lag: _or_zero(lag["correlation"]))
            usual = worst["calibrated"]
            beside = f"; {in_words(usual)} on the calibrate regions" if _finite(usual) else ""
            parts.append(
                f"{entry['channel']}: {in_words(worst['correlation'])} at {max(worst['lag'])} px (white noise: 0 ± "
                f"{2 * worst['error']:.2f}{beside})"
            )
    return [
        {
            "kind": "residuals",
            "title": "What the image leaves of the noisy frame is not noise alone",
            "text": "Either structure was lost or invented, or the noise of this scan is smeared over pixels. Noisy "
            "minus denoised should not resemble its neighbours; its correlation with them is",
            "points": parts,
            "remedy": "Compare noisy and denoised image where they matter to you. If the detector smears the noise, "
            "calibrate with scans of this kind; if structure is lost, train on them.",
        }
    ]


def _structure(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    findings = content.get("background")
    if not findings or findings["verdict"] != "structure":
        return []
    parts = []
    for entry in findings["channels"]:
        if not entry["structure"]:
            continue
        part = f"{entry['channel']}: {100 * entry['share']:.0f} % of the pixels of all these blocks"
        if entry.get("single"):
            places = [place_words(place) for place in findings["worst"] if place["channel"] == entry["channel"]]
            part += f"; {entry['single']} of {findings['blocks']} blocks by themselves" + (
                f", foremost {'; '.join(places)}" if places else ""
            )
        parts.append(part)
    return [
        {
            "kind": "background",
            "title": "Structure where the noisy frame shows none",
            "text": f"The image may invent structure. In {findings['blocks']} blocks the noisy frame is even, within "
            "its noise, but the image has another level than the noisy frame, or a pattern that it lacks, beyond its "
            "intervals and more than on the calibrate regions. "
            f"At most {100 * findings['allowed']:.0f} % of pixels may have an interval that leaves out the "
            "level of their block, and no single block may stand out:",
            "points": parts,
            "remedy": "Do not trust faint structure in this scan before it was measured again. More members and more "
            "training data make it rarer; scans of this kind with the role calibrate make the intervals wide enough.",
        }
    ]


def place_words(place: Mapping[str, Any]) -> str:
    """Say where a block lies.

    Parameters
    ----------
    place
        With ``lower`` and ``upper``, pixels per spatial axis.

    Returns
    -------
    str
        Such as "y 32 to 48, x 16 to 32 px".
    """
    axes = "zyx"[-len(place["lower"]) :]
    ends = zip(axes, place["lower"], place["upper"], strict=True)
    return ", ".join(f"{axis} {lower} to {upper}" for axis, lower, upper in ends) + " px"


def in_words(value: float) -> str:
    """Write a correlation with two decimals, and with a minus sign instead of a hyphen.

    Parameters
    ----------
    value
        The correlation.

    Returns
    -------
    str
        Such as "−0.12".
    """
    return f"{value:.2f}".replace("-", "−")


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _or_zero(value: Any) -> float:
    return float(value) if _finite(value) else 0.0
