"""The findings of the check of one scan, in words for its page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .likeness_words import approximation, likeness_words, unlike
from .place_words import lost_or_invented, place_words


def explain(content: Mapping[str, Any]) -> dict[str, Any]:
    """Put the findings on a scan into words.

    Parameters
    ----------
    content
        The rest of ``drift/<scan>.json``.

    Returns
    -------
    dict
        ``words``: the comparison in a few sentences. ``approximation``: what its p-value rests on, None where nothing
        was compared. ``warnings``: a list, each with kind, title, text, points and remedy.
    """
    return {
        "words": likeness_words(content),
        "approximation": approximation(content),
        "warnings": [*unlike(content), *_correlated(content), *_structure(content), *lost_or_invented(content)],
    }


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
