"""What the pages say about how a scan compares with the calibrated ones, from ``drift/<scan>.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.storage import read_json
from ..drift.likeness_words import describe_statistic
from ..drift.place_words import smallest_words
from ..drift.words import in_words

# Most rows of the table of statistics on the page of a scan.
ROWS = 12
# Standard errors that a correlation must exceed, as in the verdict on residuals.
_ERRORS = 4.0
# Short marks on the cards of the index, by kind of warning.
MARKS = {
    "drift": "unlike calibration",
    "residuals": "residuals not white",
    "background": "structure in even places",
    "places": "single features lost or invented",
}


def of_scan(path: str | Path) -> dict[str, Any]:
    """Gather what the page of a scan shows of its drift check.

    Parameters
    ----------
    path
        The scan's ``drift/<scan>.json``.

    Returns
    -------
    dict
        warnings; quiet, the sentence for a scan without any; and the details behind both: statistics (rows with words,
        told, p, here and calibrated), more (how many statistics are not listed), residuals (one text per channel),
        background, where (the regions that these two are about), approximation, unit and file.
    """
    content = read_json(path)
    shown = content["statistics"][:ROWS]
    return {
        "warnings": content["warnings"],
        "quiet": quiet(content),
        "approximation": content["approximation"],
        "unit": content.get("unit"),
        "file": f"drift/{Path(path).name}",
        "statistics": [
            {
                "words": describe_statistic(entry),
                "told": entry["told"],
                "p": f"{entry['p']:.2g}",
                **{key: entry[key] for key in ("here", "calibrated")},
            }
            for entry in shown
        ],
        "more": len(content["statistics"]) - len(shown),
        "residuals": [_nearest(entry) for entry in (content.get("residuals") or {}).get("channels", [])],
        "background": content.get("background"),
        "where": _where(content),
    }


def quiet(content: Mapping[str, Any]) -> str:
    """Say what was looked for where no warning is given, and how far the look reaches.

    Parameters
    ----------
    content
        Content of ``drift/<scan>.json``.

    Returns
    -------
    str
        A few sentences. None claims that nothing was lost or invented.
    """
    words = [content["words"]]
    residuals, background, local = (content.get(key) or {} for key in ("residuals", "background", "local"))
    if residuals.get("verdict") in ("white", "as calibrated"):
        words.append(neighbours(residuals))
    if background.get("verdict") == "flat":
        words.append(
            f"In {background['blocks']} of {background['of']} blocks of {_where(content)} the noisy frame is even; "
            "there, the image stays within its usual error, block by block."
        )
    if local:
        number = local["total"]
        found = {0: "no place contradicts", 1: "1 place contradicts"}.get(number, f"{number} places contradict")
        pixels = f"{local['pixels']:,}".replace(",", "\u202f")
        words.append(
            f"In all {pixels} pixels of the noisy frame, {found} the image beyond the threshold of the search; "
            f"{smallest_words(local)}. Fainter ones may be lost or invented unseen."
        )
    missed = content.get("missed") or {}
    if missed.get("total"):
        places = "1 place" if missed["total"] == 1 else f"{missed['total']} places"
        words.append(
            f"Beside the reference, the image misses {places} by more than "
            f"{'its noise' if missed['noise'] else 'its local roughness'}; the worst stand below."
        )
    return " ".join(words)


def _where(content: Mapping[str, Any]) -> str:
    """The regions that statistics of blocks are about."""
    roles = content.get("compared") or []
    if not roles:
        return "this scan"
    if roles == ["apply"]:
        return "the scan"
    return f"the {' and '.join(roles)} region{'s' if len(roles) > 1 else ''}"


def neighbours(residuals: Mapping[str, Any]) -> str:
    """Say how much residuals resemble their neighbours, beside the calibrate regions.

    Parameters
    ----------
    residuals
        The part "residuals" of ``drift/<scan>.json``.

    Returns
    -------
    str
        One sentence about the lag that is correlated most, four standard errors above 0 or more; where none is, about
        the largest correlation.
    """
    known = [lag for entry in residuals["channels"] for lag in entry["lags"] if lag["correlation"] is not None]
    if not known:
        return "How much residuals, noisy minus denoised, resemble their neighbours is not known."

    def certain(lag: Mapping[str, Any]) -> float:
        return float(lag["correlation"]) - _ERRORS * float(lag["error"] or 0)

    worst = max(known, key=lambda lag: float(lag["correlation"]))
    correlated = [lag for lag in known if certain(lag) > 0]
    if not correlated:
        error = f" ± {2 * worst['error']:.2f}" if worst["error"] is not None else ""
        return (
            "On average over blocks, no correlation of neighbouring residuals (noisy minus denoised) stands out of its "
            f"error; the largest is {in_words(worst['correlation'])}{error}."
        )
    worst = max(correlated, key=lambda lag: float(lag["correlation"]))
    here, usual = in_words(worst["correlation"]), worst["calibrated"]
    if usual is None or float(usual) < 0.5 * float(worst["correlation"]):
        beside = "" if usual is None else f"; {in_words(usual)} on the calibrate regions"
        return (
            f"Neighbouring residuals (noisy minus denoised) are correlated ({here}{beside}): structure is lost, or the "
            "noise is smeared. It is less than calls for a warning."
        )
    return (
        f"Neighbouring residuals (noisy minus denoised) are correlated ({here}), as on the calibrate regions "
        f"({in_words(usual)}): the noise is smeared, or structure is lost in both."
    )


def _nearest(entry: Mapping[str, Any]) -> str:
    """The largest autocorrelation of a channel's residuals at a lag of 1 px along an axis, beside its usual value."""
    near = [lag for lag in entry["lags"] if sum(lag["lag"]) == 1 and lag["correlation"] is not None]
    if not near:
        return f"{entry['channel']} not known"
    worst = max(near, key=lambda lag: float(lag["correlation"]))
    error = f" ± {2 * worst['error']:.2f}" if worst["error"] is not None else ""
    usual = f" ({in_words(worst['calibrated'])} on the calibrate regions)" if worst["calibrated"] is not None else ""
    return f"{entry['channel']} {in_words(worst['correlation'])}{error}{usual}"


def of_run(paths: Mapping[str, str | Path]) -> dict[str, list[str]]:
    """Gather short marks of the scans that have warnings, for the index.

    Parameters
    ----------
    paths
        ``drift/<scan>.json`` by name of the scan.

    Returns
    -------
    dict
        Marks by name of the scan, without scans that have no warning.
    """
    kinds = {scan: [entry["kind"] for entry in read_json(path)["warnings"]] for scan, path in paths.items()}
    return {scan: [MARKS[kind] for kind in found] for scan, found in kinds.items() if found}
