"""What a page says about decisions: exceedance maps with ranked regions, and the boxes to measure again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..core.errors import InputError
from ..figures.labels import label_uri
from ..files.labels import read_labels
from ..regions.regions import Regions
from .image_boxes import box_over, place_labels
from .image_store import geometry
from .numbers import number
from .region_words import ranks_in_words, role_in_words, total_in_words, totals_in_words, trained_on, untested
from .scan_images import ScanImages, area

# Colours of pixels below, undecided and above.
EXCEED_COLOURS = ("#e4e1da", "#f0c05a", "#b3373d")
MAX_ROWS = 12
# Smaller regions above a threshold are in the table file alone.
FEWEST_PIXELS = 10


def decisions(
    images: ScanImages, regions: Regions, csv: str | Path, tif: str | Path, exceed: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Gather what a page shows of decisions.

    Parameters
    ----------
    images
        The shown planes of the scan.
    regions
        Regions of the scan, of which the test boxes are used.
    csv, tif
        Ranked regions, and one exceedance map per threshold (0 below, 1 undecided, 2 above).
    exceed
        Thresholds: name, channel, above and confidence of each.

    Returns
    -------
    dict
        exceed (per threshold its map by plane, its ranked regions, its precision, and in sentences what its pixels were
        used for and whether it is tested), remeasure (rows of the boxes to measure again), boxes (where those lie over
        the image), colours (of the three values of a map) and totals (what totals are, in a sentence).

    Raises
    ------
    InputError
        Where the number of maps is not that of the thresholds.
    """
    table = read_table(csv)
    kinds = table["kind"] if len(table) else pd.Series(dtype=str)
    shape, ratio = images.scan.shape, float(geometry(images)["ratio"])
    entries: list[dict[str, Any]] = []
    if exceed:
        maps = read_labels(tif, shape).reshape(-1, *shape)
        if len(maps) != len(exceed):
            raise InputError(
                f"holds {len(maps)} maps for {len(exceed)} entries of decisions.exceed",
                file=tif,
                remedy="run the step recommend_regions again",
            )
        for entry, image in zip(exceed, maps, strict=True):
            mine = table[(kinds == "exceed") & (table["name"].astype(str) == str(entry["name"]))]
            entries.append(_exceedance(images, regions, entry, image, mine))
    rows = _rows(table[kinds == "remeasure"] if len(table) else table, images)
    boxes = [box_over(row["bounds"], shape, str(row["place"])) for row in rows]
    place_labels(boxes, ratio)
    for found in entries:
        # The page shows one of these boxes at a time, so labels need not avoid the other boxes.
        for box in found["boxes"]:
            place_labels([box], ratio)
    return {
        "exceed": entries,
        "remeasure": rows,
        "boxes": boxes,
        "colours": EXCEED_COLOURS,
        "totals": totals_in_words(images.scan, images.denoised.frame),
    }


def _exceedance(
    images: ScanImages, regions: Regions, entry: Mapping[str, Any], image: NDArray[Any], table: pd.DataFrame
) -> dict[str, Any]:
    """One threshold: its map ``image`` by plane, and its ranked regions from the rows of ``table``."""
    shape, slices = images.scan.shape, images.view.slices
    planes = images.view.thin((image if slices is None else image[list(slices)]).reshape(-1, *shape[-2:]))
    large = table[table["pixels"] >= FEWEST_PIXELS] if len(table) else table
    rows = _rows(large, images, str(entry["channel"]))
    about = "signal" if entry.get("of") == "signal" and images.denoised.has_signal else "repeat"
    precision = _precision(images, regions, entry, image, about)
    return {
        "of": "repeat",
        **entry,
        "about": about,
        "uris": [label_uri(plane, EXCEED_COLOURS) for plane in planes],
        "shares": [float(np.mean(image == value)) for value in (0, 1, 2)],
        "rows": rows,
        "boxes": [box_over(row["bounds"], shape, str(row["rank"])) for row in rows],
        "more": len(table) - len(rows),
        "precision": precision,
        "trained_on": trained_on(table),
        "untested": untested(precision, len(table)),
    }


def _rows(table: pd.DataFrame, images: ScanImages, channel: str | None = None) -> list[dict[str, Any]]:
    """The first ``MAX_ROWS`` regions by rank, with their bounds in pixels and in the unit that reads best.

    Regions of one rank are told apart by their place in the table. With a ``channel``, they have its total.
    """
    axes = "zyx"[-len(images.scan.shape) :]
    unit, factor = images.lengths
    rows: list[dict[str, Any]] = []
    ranks = list(table["rank"]) if len(table) else []
    ordered = table.sort_values("rank", kind="stable").head(MAX_ROWS)
    for place, (_, record) in enumerate(ordered.iterrows() if len(table) else (), 1):
        bounds = [(int(record[f"{axis}0_px"]), int(record[f"{axis}1_px"])) for axis in axes]
        # In px, first and last pixel; with a pixel size, lengths from edge to edge.
        extents = {
            axis: f"{low} – {high - 1}"
            if unit == "px"
            else f"{number(factor * record[f'{axis}0'])} – {number(factor * record[f'{axis}1'])}"
            for axis, (low, high) in zip(axes, bounds, strict=True)
        }
        rows.append(
            {
                "rank": int(record["rank"]),
                "place": place,
                "ranks": ranks_in_words(int(record["rank"]), ranks),
                "score": float(record["score"]),
                "score_error": float(record.get("score_error", np.nan)),
                "total": total_in_words(record, channel) if images.scan.counts else "",
                "role": role_in_words(record),
                "pixels": int(record["pixels"]),
                "area": area(float(record["area"]), images),
                "bounds": bounds,
                "extents": [extents[axis] for axis in reversed(axes)],
                "pixels_words": ", ".join(
                    f"{axis} {low}–{high - 1}"
                    for axis, (low, high) in zip(reversed(axes), reversed(bounds), strict=True)
                ),
                "unit": unit,
                "plane": _plane_through(bounds, images.view.slices),
            }
        )
    return rows


def _plane_through(bounds: Sequence[tuple[int, int]], slices: Sequence[int] | None) -> int | None:
    """Position of the shown slice nearest to the middle of a box; ``None`` where none cuts it, and in 2-D."""
    if slices is None:
        return None
    first, stop = bounds[0]
    inside = [place for place, z in enumerate(slices) if first <= z < stop]
    return min(inside, key=lambda place: abs(2 * slices[place] - first - stop + 1), default=None)


def _precision(
    images: ScanImages, regions: Regions, entry: Mapping[str, Any], image: NDArray[Any], about: str
) -> dict[str, Any] | None:
    """What became of the pixels called above in the test boxes: their number ("called"), and the "share" above.

    "expected" is the share that a noisy reference would have above if the signal lies where its intervals say; None
    where that is not known, or calls are about a repeat. ``None`` without a reference or without test boxes.
    """
    scan, frame = images.scan, images.denoised.frame
    if not scan.has_reference or not regions.of("test"):
        return None
    c = scan.channels.index(str(entry["channel"]))
    called, right, primary = 0, 0, images.denoised.primary or 0.9
    chances: list[float] | None = [] if about == "signal" else None
    for box in regions.of("test"):
        above = image[box.slices] == 2
        called += int(above.sum())
        right += int((scan.read_target(frame, box.slices)[c][above] > float(entry["above"])).sum())
        noise = scan.read_reference_noise(frame, box.slices)
        if chances is not None and noise is not None:
            median = images.denoised.read("median", box.slices, c)[above]
            low, high = (end[above] for end in images.denoised.read_signal(primary, box.slices, c))
            spread = (high - low) / (2 * NormalDist().inv_cdf((1 + primary) / 2))
            wide = np.sqrt(np.square(spread, dtype=np.float64) + np.maximum(noise[c][above], 1e-30))
            chances += [NormalDist().cdf(value) for value in (median - float(entry["above"])) / wide]
    expected = float(np.mean(chances)) if chances else None
    return {"called": called, "share": right / called if called else None, "expected": expected}
