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
# Short marks on the cards of the index, by kind of warning.
MARKS = {
    "drift": "unlike calibration",
    "residuals": "residuals not white",
    "background": "structure in even places",
    "places": "single objects lost or invented",
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
        background, approximation, unit and file.
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
        One to six sentences. None claims that nothing was lost or invented.
    """
    words = [content["words"]]
    residuals, background, local = (content.get(key) or {} for key in ("residuals", "background", "local"))
    if residuals.get("verdict") == "white":
        words.append("On average over blocks, noisy minus denoised is not correlated from pixel to pixel.")
    elif residuals.get("verdict") == "as calibrated":
        words.append(as_calibrated(residuals))
    if background.get("verdict") == "flat":
        words.append(
            f"In the {background['blocks']} of {background['of']} blocks where the noisy frame is even, the image "
            "stays within its usual error, block by block."
        )
    if local:
        looked = smallest_words(local)
        found = "none stands out here" if not local["total"] else f"{local['total']} stand out here"
        words.append(f"{looked[:1].upper()}{looked[1:]}; {found}. Fainter ones may be lost or invented unseen.")
    missed = (content.get("missed") or {}).get("total", 0)
    if missed:
        places = "1 place" if missed == 1 else f"{missed} places"
        words.append(f"Beside the reference, the image misses {places} by more than its noise; the worst stand below.")
    return " ".join(words)


def as_calibrated(residuals: Mapping[str, Any]) -> str:
    """Say that residuals are correlated, but not more than on the calibrate regions.

    Parameters
    ----------
    residuals
        The part "residuals" of ``drift/<scan>.json``, with at least one known correlation.

    Returns
    -------
    str
        One sentence with the largest correlation.
    """
    lags = [lag for entry in residuals["channels"] for lag in entry["lags"] if lag["correlation"] is not None]
    worst = max(lags, key=lambda lag: float(lag["correlation"]))
    return (
        f"Noisy minus denoised is correlated from pixel to pixel ({in_words(worst['correlation'])}), as it is on the "
        "calibrate regions: in both, structure was lost or the noise is smeared."
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
