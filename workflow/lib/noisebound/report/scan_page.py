"""What the page of one scan shows, gathered from that scan's own files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..core.sharing import shared_path
from ..figures.labels import label_uri
from ..figures.scale_bar import physical
from ..figures.scan_figures import Cut, line_cut
from ..figures.style import token_colours
from ..files.coverage_key import nominal_key
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..geometry.boxes import Box
from ..regions.regions import Regions
from .numbers import nominal_percent
from .pictures import picture
from .result_rows import overlap_share
from .scan_images import (
    UNCERTAINTY_COLORMAP,
    ScanImages,
    area,
    box_over,
    colour_bars,
    geometry,
    image_store,
    read_planes,
)

ROLE_COLOURS = {"train": "#4477aa", "select": "#66ccee", "calibrate": "#ccbb44", "test": "#ee6677", "apply": "#999999"}


def about_scan(scan: Scan) -> dict[str, Any]:
    """What a page says about the scan itself: its name, its channels, its frames, its reference and its sources."""
    return {
        "scan": scan.name,
        "channels": scan.channels,
        "n_frames": scan.n_frames,
        "has_reference": scan.has_reference,
        "reference_kind": scan.reference_kind,
        "simulated": scan.has_truth,
        "sources": [{**source, "path": shared_path(source["path"])} for source in scan.sources],
    }


def about_predictions(predicted: Predictions) -> dict[str, Any]:
    """What a page says about the denoised images: frame, members, tiles, parts of the uncertainty, zero widths."""
    return {
        "frame": predicted.frame,
        "n_members": predicted.n_members,
        "overlap_share": overlap_share(predicted.overlap_error),
        "variances": uncertainty_parts(predicted),
        "flat": without_width(predicted),
    }


def about_regions(regions: Regions, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What a page says about regions and their roles; ``rows`` are those of ``result_rows.test_rows``."""
    return {
        "roles": sorted({box.role for box in regions.boxes}, key=list(ROLE_COLOURS).index),
        "role_colours": ROLE_COLOURS,
        "region_boxes": region_boxes(regions),
        "guard": regions.guard,
        "guard_from": regions.guard_from,
        "unassigned": unassigned(regions),
        "frames_judged": frames_judged(regions, rows[0]["n_pixels"]) if rows else None,
    }


def about_images(
    images: ScanImages, colormap: str, token_content: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Gather the images of a page.

    Parameters
    ----------
    images
        The shown planes of the scan.
    colormap
        Colour map of intensities.
    token_content
        What :func:`tokens` returns first.
    found
        What :func:`noisebound.report.decisions.decisions` returns.

    Returns
    -------
    dict
        channel and plane that are shown first, slices, geometry, gains, bars (colour bars by kind), store (all images)
        and pending (those of them that the page does not start with).
    """
    channel, plane = images.most_structured(), images.first_plane
    store = image_store(images, colormap)
    return {
        "channel": channel,
        "plane": plane,
        "slices": images.view.slices,
        "geometry": geometry(images),
        "gains": images.gain,
        "bars": {
            "value": colour_bars(images, "median", colormap),
            "width": colour_bars(images, "width", UNCERTAINTY_COLORMAP),
            "spread": colour_bars(images, "spread", UNCERTAINTY_COLORMAP),
        },
        "store": store,
        "pending": pending_images(store, token_content, found, channel, plane),
    }


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
    """Draw line cuts along x and along y through the first plane.

    Parameters
    ----------
    images
        The shown planes of the scan.
    value_unit
        Unit of the intensities.

    Returns
    -------
    dict
        figures (by channel, one SVG for "x" and one for "y"), row and column (where the lines lie, in percent of the
        image), and where in words.
    """
    row, column = cut_places(images)
    height, width = images.layers["median"].shape[-2:]
    return {
        "figures": [
            {
                "x": _cut(images, c, "x", (row, slice(None)), value_unit),
                "y": _cut(images, c, "y", (slice(None), column), value_unit),
            }
            for c in range(len(images.scan.channels))
        ],
        "row": 100 * (row + 0.5) / height,
        "column": 100 * (column + 0.5) / width,
        "where": _where(images, row, column),
    }


def _cut(images: ScanImages, c: int, axis: str, place: tuple[int | slice, ...], value_unit: str) -> Markup | None:
    """The cut of channel ``c`` along an axis, as SVG; ``place`` picks its pixels in the first plane."""
    unit, factor = images.lengths
    channel, percent = images.scan.channels[c], nominal_percent(images.denoised.primary or 0.9)
    line = {name: layer[images.first_plane, c][place] for name, layer in images.layers.items()}
    cut = Cut(line["noisy"], line["lower"], line["median"], line["upper"], line.get("reference"))
    figure = line_cut(
        cut,
        pixel_size=images.scan.pixel_size[-1 if axis == "x" else -2] * images.view.step * factor,
        unit=unit,
        axis=axis,
        value_unit=f"{channel} / {value_unit}",
        percent=percent,
    )
    words = f"Line cut of {channel} along {axis}: noisy values, denoised median with its {percent} interval"
    return picture(figure, words + (" and the reference" if cut.reference is not None else ""), least=0.72)


def _where(images: ScanImages, row: int, column: int) -> str:
    """In words, where the cuts lie: in pixels of the scan, and in its unit of length where it has one."""
    scan, step = images.scan, images.view.step
    where = [
        f"along {along} at {line} = {place * step} px"
        + (f" ({physical(place * step * size, scan.pixel_unit)})" if scan.pixel_unit != "px" else "")
        for along, line, place, size in (
            ("x", "row y", row, scan.pixel_size[-2]),
            ("y", "column x", column, scan.pixel_size[-1]),
        )
    ]
    if images.view.slices is not None:
        where.append(f"in slice z\u00a0=\u00a0{images.view.slices[images.first_plane]}")
    return ", ".join(where)


def tokens(images: ScanImages, tif: str | Path, csv: str | Path) -> tuple[dict[str, Any], NDArray[Any]]:
    """The token map by plane as data URIs with its legend, and the labels of the first plane."""
    table = read_table(csv)
    planes = read_planes(tif, images.view, images.scan.shape)
    numbers = [int(value) for value in table["token"]]
    colours = token_colours(max([*numbers, int(planes.max(initial=0))]) + 1)
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
