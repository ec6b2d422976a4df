"""The published results of the synthetic experiment, beside those of a run that repeats it.

Published for 64x64 images are means over random ensembles of 1 and of 25 networks: the correlation of the median with
the truth, the "reduction" of the interval width, and the range of coverage at 0.90. The definition of the reduction was
not published; most likely it is the width that holds 90 % of the true image's pixels, divided by the mean width of the
interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAMES = {"random": "random networks", "unet": "U-Nets"}
MEMBERS = 25
# Values of one network and of 25 networks; for coverage, the lowest and the highest.
PUBLISHED: dict[str, dict[str, tuple[float, float]]] = {
    "random": {"correlation": (0.9754, 0.981), "width_reduction": (3.05, 4.65), "coverage": (0.899, 0.901)},
    "unet": {"correlation": (0.9744, 0.9807), "width_reduction": (3.3, 4.48), "coverage": (0.897, 0.899)},
}
MEASURES = {
    "correlation": "correlation with the truth",
    "width_reduction": "width reduction",
    "coverage": "coverage of the truth at 0.90",
}
DIGITS = {"correlation": 4, "width_reduction": 2, "coverage": 3}


def comparison_rows(summary: Mapping[str, Any]) -> list[dict[str, str]]:
    """Make the rows of a table that compares published and measured results.

    Parameters
    ----------
    summary
        Content of ``comparison/summary.json``.

    Returns
    -------
    list of dict
        Per row: family, measure, published and measured. The last two are texts: "one → all" members, or for coverage
        "lowest to highest".
    """
    rows = []
    for family, name in NAMES.items():
        found = summary["families"][family]
        for measure, words in MEASURES.items():
            if measure == "coverage":
                words, ends, sign = words.replace("0.90", f"{summary['nominal']:.2f}"), found["coverage"], "to"
            else:
                ends, sign = (found["one"][measure], found["all"][measure]), "→"
            form = f".{DIGITS[measure]}f"
            published, measured = (
                f"{first:{form}} {sign} {last:{form}}" for first, last in (PUBLISHED[family][measure], ends)
            )
            rows.append({"family": name, "measure": words, "published": published, "measured": measured})
    return rows


def comparison_text(summary: Mapping[str, Any]) -> str:
    """Write the table for a terminal, with the filters below it.

    Parameters
    ----------
    summary
        Content of ``comparison/summary.json``.

    Returns
    -------
    str
        Lines with aligned columns.
    """
    count = summary["families"]["random"]["members"]
    lines = [["", "", f"published, 1 → {MEMBERS}", f"measured, 1 → {count}"]]
    lines += [list(row.values()) for row in comparison_rows(summary)]
    for entry in summary["filters"]:
        lines.append([entry["filter"], MEASURES["correlation"], "", f"{entry['correlation']:.4f}"])
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join(padded)
