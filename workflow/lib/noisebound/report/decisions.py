"""What a page says about decisions: exceedance maps with ranked regions, and the boxes to measure again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..core.errors import InputError
from ..figures.labels import label_uri
from ..files.labels import read_labels
from ..regions.regions import Regions
from .numbers import number
from .scan_images import ScanImages, area, box_over, geometry, place_labels

EXCEED_COLOURS = ("#e4e1da", "#f0c05a", "#b3373d")
MAX_ROWS = 12


def decisions(
    images: ScanImages, regions: Regions, csv: str | Path, tif: str | Path, exceed: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Exceedance maps with their ranked regions and realised precision, and the boxes to measure again."""
    table = read_table(csv)
    kinds = table["kind"] if len(table) else pd.Series(dtype=str)
    shape = images.scan.shape
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
            planes = image if images.view.slices is None else image[list(images.view.slices)]
            planes = images.view.thin(planes.reshape(-1, *shape[-2:]))
            rows = _rows(mine, images)
            entries.append(
                {
                    **entry,
                    "uris": [label_uri(plane, EXCEED_COLOURS) for plane in planes],
                    "shares": [float(np.mean(image == value)) for value in (0, 1, 2)],
                    "rows": rows,
                    "boxes": [box_over(row["bounds"], shape, str(row["rank"])) for row in rows],
                    "more": max(0, len(mine) - MAX_ROWS),
                    "precision": _precision(images, regions, entry, image),
                }
            )
    remeasure = table[kinds == "remeasure"].sort_values("rank") if len(table) else table
    rows = _rows(remeasure, images)
    ratio = float(geometry(images)["ratio"])
    boxes = [box_over(row["bounds"], shape, str(row["rank"])) for row in rows]
    place_labels(boxes, ratio)
    for entry in entries:
        # Only one of these is seen at a time.
        for box in entry["boxes"]:
            place_labels([box], ratio)
    return {
        "exceed": entries,
        "remeasure": rows,
        "boxes": boxes,
        "colours": EXCEED_COLOURS,
    }


def _rows(table: pd.DataFrame, images: ScanImages) -> list[dict[str, Any]]:
    axes = "zyx"[-len(images.scan.shape) :]
    unit, factor = images.lengths
    rows: list[dict[str, Any]] = []
    for _, record in table.sort_values("rank").head(MAX_ROWS).iterrows() if len(table) else ():
        bounds = [(int(record[f"{axis}0_px"]), int(record[f"{axis}1_px"])) for axis in axes]
        # Without a pixel size the first and the last pixel, else lengths from edge to edge.
        extents = {
            axis: f"{low} – {high - 1}"
            if unit == "px"
            else f"{number(factor * record[f'{axis}0'])} – {number(factor * record[f'{axis}1'])}"
            for axis, (low, high) in zip(axes, bounds, strict=True)
        }
        rows.append(
            {
                "rank": int(record["rank"]),
                "score": float(record["score"]),
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
    """Which of the shown slices lies nearest to the middle of a box, ``None`` where none cuts it or all are one."""
    if slices is None:
        return None
    first, stop = bounds[0]
    inside = [place for place, z in enumerate(slices) if first <= z < stop]
    return min(inside, key=lambda place: abs(2 * slices[place] - first - stop + 1), default=None)


def _precision(
    images: ScanImages, regions: Regions, entry: Mapping[str, Any], image: NDArray[Any]
) -> dict[str, Any] | None:
    """Share of the pixels called above, within the test boxes, whose target is above: what the choice was worth."""
    scan, frame = images.scan, images.denoised.frame
    if not scan.has_reference or not regions.of("test"):
        return None
    c = scan.channels.index(str(entry["channel"]))
    called = right = 0
    for box in regions.of("test"):
        above = image[box.slices] == 2
        called += int(above.sum())
        right += int((scan.read_target(frame, box.slices)[c][above] > float(entry["above"])).sum())
    return {"called": called, "share": right / called if called else None}
