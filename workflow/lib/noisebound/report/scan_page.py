"""What the page of one scan shows, gathered from that scan's own files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..figures.labels import label_colours, label_uri
from ..figures.scale_bar import physical
from ..figures.scan_figures import Cut, line_cut
from ..files.coverage_key import nominal_key
from ..files.predictions import Predictions
from ..geometry.boxes import Box
from ..regions.regions import Regions
from .numbers import nominal_percent
from .pictures import picture
from .scan_images import ScanImages, area, box_over, read_planes

ROLE_COLOURS = {"train": "#4477aa", "select": "#66ccee", "calibrate": "#ccbb44", "test": "#ee6677", "apply": "#999999"}


def region_boxes(regions: Regions) -> list[dict[str, Any]]:
    """The boxes of all roles, to be drawn over an image."""

    def bounds(box: Box) -> list[tuple[int, int]]:
        return list(zip(box.lower, box.upper, strict=True))

    return [box_over(bounds(b), regions.shape, b.role, ROLE_COLOURS.get(b.role, "#999999")) for b in regions.boxes]


def unassigned(regions: Regions) -> bool:
    """Whether pixels lie outside of all regions, which do not overlap."""
    return sum(math.prod(box.shape) for box in regions.boxes) < math.prod(regions.shape)


def frames_judged(regions: Regions, pixels: object) -> int | None:
    """In how many frames the test region was judged, from the number of ``pixels``; ``None`` where that is unknown."""
    region = sum(math.prod(box.shape) for box in regions.of("test"))
    return pixels // region if isinstance(pixels, int) and region and pixels >= region and not pixels % region else None


def uncertainty_parts(denoised: Predictions) -> list[dict[str, Any]]:
    """By channel, how much of the predicted variance is noise (aleatoric) and how much disagreement (epistemic).

    Each has name, aleatoric and epistemic (root mean variances) and share, that of the epistemic variance in the sum.
    """
    rows = []
    for name, of in denoised.uncertainty.items():
        total = of["aleatoric"] ** 2 + of["epistemic"] ** 2
        rows.append({"name": name, **of, "share": of["epistemic"] ** 2 / total if total > 0 else None})
    return rows


def without_width(denoised: Predictions) -> list[tuple[str, float]]:
    """Channels some of whose intervals at the primary coverage have no width, and which share."""
    shares = denoised.zero_width.get(nominal_key(denoised.primary or 0), {})
    return [(name, share) for name, share in shares.items() if share > 0]


def cut_places(images: ScanImages) -> tuple[int, int]:
    """Row and column (shown pixels) through which most structure passes in the first plane, away from the border."""
    median = images.layers["median"][images.first_plane]
    scale = np.maximum(median.reshape(len(median), -1).std(axis=1), 1e-12)[:, None, None]
    change = (
        np.abs(np.diff(median / scale, axis=2)).sum(axis=(0, 2)),
        np.abs(np.diff(median / scale, axis=1)).sum(axis=(0, 1)),
    )
    places = []
    for values in change:
        margin = len(values) // 8
        inner = values[margin : len(values) - margin]
        places.append(margin + int(np.argmax(inner)) if len(inner) else 0)
    return places[0], places[1]


def cuts(images: ScanImages, value_unit: str) -> dict[str, Any]:
    """Line cuts along x and along y for each channel as SVG, and where they are."""
    row, column = cut_places(images)
    plane, view, scan = images.first_plane, images.view, images.scan
    height, width = images.layers["median"].shape[-2:]
    unit, factor = images.lengths
    percent = nominal_percent(images.denoised.primary or 0.9)
    places = {"x": (row, slice(None)), "y": (slice(None), column)}
    figures: list[dict[str, Any]] = []
    for c, channel in enumerate(scan.channels):
        drawn: dict[str, Any] = {}
        for axis, place in places.items():
            line = {name: layer[plane, c][place] for name, layer in images.layers.items()}
            cut = Cut(line["noisy"], line["lower"], line["median"], line["upper"], line.get("reference"))
            figure = line_cut(
                cut,
                pixel_size=scan.pixel_size[-1 if axis == "x" else -2] * view.step * factor,
                unit=unit,
                axis=axis,
                value_unit=f"{channel} / {value_unit}",
                percent=percent,
            )
            words = f"Line cut of {channel} along {axis}: noisy values, denoised median with its {percent} interval"
            drawn[axis] = picture(
                figure, words + (" and the reference" if cut.reference is not None else ""), least=0.72
            )
        figures.append(drawn)
    where = [
        f"along {along} at {line} = {place * view.step} px"
        + (f" ({physical(place * view.step * size, scan.pixel_unit)})" if scan.pixel_unit != "px" else "")
        for along, line, place, size in (
            ("x", "row y", row, scan.pixel_size[-2]),
            ("y", "column x", column, scan.pixel_size[-1]),
        )
    ]
    if view.slices is not None:
        where.append(f"in slice z\u00a0=\u00a0{view.slices[plane]}")
    return {
        "figures": figures,
        "row": 100 * (row + 0.5) / height,
        "column": 100 * (column + 0.5) / width,
        "where": ", ".join(where),
    }


def tokens(images: ScanImages, tif: str | Path, csv: str | Path) -> tuple[dict[str, Any], NDArray[Any]]:
    """The token map by plane as data URIs with its legend, and the labels of the first plane."""
    table = read_table(csv)
    planes = read_planes(tif, images.view, images.scan.shape)
    numbers = [int(value) for value in table["token"]]
    colours = label_colours(max([*numbers, int(planes.max(initial=0))]) + 1)
    channels = images.scan.channels
    legend: list[dict[str, Any]] = []
    for position, token in enumerate(numbers):
        record = table.iloc[position]
        legend.append(
            {
                "token": token,
                "colour": colours[token],
                "fraction": float(record["fraction"]),
                "area": area(float(record["area"]), images),
                "means": [float(record[f"{name}_mean"]) for name in channels],
                "sds": [float(record[f"{name}_sd"]) for name in channels],
            }
        )
    # A bar beside each mean lets the eye find what a token stands for; it spans the range over tokens.
    for c in range(len(channels)):
        top = max((abs(row["means"][c]) for row in legend if np.isfinite(row["means"][c])), default=0.0)
        for row in legend:
            value = abs(row["means"][c])
            row.setdefault("bars", []).append(100 * value / top if top > 0 and np.isfinite(value) else 0.0)
    content = {"uris": [label_uri(plane, colours) for plane in planes], "legend": legend}
    return content, planes[images.first_plane]


def pending_images(
    store: Mapping[str, Any], token_content: Mapping[str, Any], found: Mapping[str, Any], channel: int, plane: int
) -> dict[str, list[list[str | None]]]:
    """What the page's script chooses from: layer -> channel -> plane, one channel for maps that all channels share.

    Images that the page starts with stand in its elements; here they are ``None``, so that nothing is stored twice.
    """
    first = {"noisy", "median", "width", "spread"}
    layers: dict[str, list[list[str | None]]] = {
        name: [[*planes] for planes in channels] for name, channels in store.items()
    }
    layers["tokens"] = [[*token_content["uris"]]]
    layers |= {f"exceed{i}": [[*entry["uris"]]] for i, entry in enumerate(found["exceed"])}
    for name, channels in layers.items():
        if len(channels) == 1:
            channels[0][plane] = None if name in first or name not in store else channels[0][plane]
        elif name in first:
            channels[channel][plane] = None
    return layers
