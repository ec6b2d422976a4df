"""What the page of one scan shows, gathered from that scan's own files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tifffile
from numpy.typing import NDArray

from .errors import InputError
from .figures import read_table
from .figures_images import (
    Floats,
    Limits,
    View,
    choose_view,
    colour_stops,
    label_colours,
    label_uri,
    physical,
    png_uri,
    robust_limits,
    scale_bar,
)
from .figures_scan import Cut, Overview, line_cut
from .pages_parts import nominal_percent, number, picture, unit_words
from .predictions import Predictions
from .regions import Box, Regions
from .scans import Scan

UNCERTAINTY_COLORMAP = "cividis"
EXCEED_COLOURS = ("#e4e1da", "#f0c05a", "#b3373d")
ROLE_COLOURS = {"train": "#4477aa", "select": "#66ccee", "calibrate": "#ccbb44", "test": "#ee6677", "apply": "#999999"}
MAX_ROWS = 12
_LAYERS = ("noisy", "median", "lower", "upper", "reference", "width", "spread")


class ScanImages:
    """The shown planes of one scan: float32 (P, C, y, x) per layer, with limits per channel and layer.

    Layers: noisy, median, lower, upper, width and spread, and reference where there is one. Planes are read one by
    one, so memory holds what is shown, not the scan.
    """

    def __init__(self, scan: Scan, denoised: Predictions) -> None:
        self.scan, self.denoised = scan, denoised
        if scan.shape != denoised.shape or scan.channels != denoised.channels:
            raise InputError(
                f"shape {denoised.shape} and channels {denoised.channels} are not those of the scan, {scan.shape} and "
                f"{scan.channels}",
                file=denoised.path,
                remedy="run the ensemble step again",
            )
        self.view: View = choose_view(scan.shape, len(scan.channels) * len(_LAYERS))
        layers: dict[str, list[Floats]] = {}
        for plane in self.view.planes:
            region = self.view.region(plane)
            read = {kind: denoised.read(kind, region) for kind in ("lower", "median", "upper", "spread")}
            read["width"] = read["upper"] - read["lower"]
            read["noisy"] = scan.read_frame(denoised.frame, region)
            if scan.has_reference:
                read["reference"] = scan.read_target(denoised.frame, region)
            for name, image in read.items():
                if plane is not None:
                    image = image[:, 0]
                layers.setdefault(name, []).append(np.ascontiguousarray(self.view.thin(image)))
        self.layers: dict[str, Floats] = {name: np.stack(planes) for name, planes in layers.items()}
        self.gain = display_gain(self.layers["noisy"], self.layers["median"])
        self.layers["noisy"] = self.layers["noisy"] * np.asarray(self.gain, dtype=np.float32)[:, None, None]
        channels = range(len(scan.channels))
        self.value_limits = [robust_limits(self.layers["median"][:, c], zero=scan.counts) for c in channels]
        self.width_limits = [robust_limits(self.layers["width"][:, c], zero=True) for c in channels]
        self.spread_limits = [robust_limits(self.layers["spread"][:, c], zero=True) for c in channels]

    def limits(self, layer: str) -> list[Limits]:
        """Limits per channel: noisy, denoised, interval ends and reference share theirs."""
        return {"width": self.width_limits, "spread": self.spread_limits}.get(layer, self.value_limits)

    def most_structured(self) -> int:
        """Index of the channel whose denoised image varies most, compared with the width of its intervals."""
        with np.errstate(divide="ignore", invalid="ignore"):
            median, width = self.layers["median"], self.layers["width"]
            scores = [median[:, c].std() / np.median(width[:, c]) for c in range(median.shape[1])]
        return int(np.argmax(np.nan_to_num(scores, posinf=0.0)))

    @property
    def first_plane(self) -> int:
        """Position of the plane that is shown first, the middle one."""
        return len(self.view.planes) // 2

    def uris(self, layer: str, colormap: str) -> list[list[str]]:
        """PNG data URIs by channel and plane."""
        images = self.layers[layer]
        limits = self.limits(layer)
        return [
            [png_uri(images[p, c], limits[c], colormap) for p in range(images.shape[0])] for c in range(images.shape[1])
        ]


def display_gain(noisy: Floats, median: Floats) -> list[float]:
    """Factor per channel that brings noisy values (P, C, y, x) to the scale of the denoised ones, for display.

    1 unless both are nowhere negative and their means differ more than twofold: a short scan in counts has another
    scale than its long reference.
    """
    gains = []
    for c in range(noisy.shape[1]):
        a, b = float(noisy[:, c].mean()), float(median[:, c].mean())
        comparable = noisy[:, c].min() >= 0 and median[:, c].min() >= 0 and a > 0 and b > 0
        gains.append(b / a if comparable and not 0.5 <= b / a <= 2.0 else 1.0)
    return gains


def _box(bounds: Sequence[tuple[int, int]], shape: Sequence[int], label: str, colour: str = "") -> dict[str, Any]:
    """A box over an image: place and size in percent of the plane, and the slices it spans."""
    (y0, y1), (x0, x1) = bounds[-2:]
    height, width = shape[-2:]
    return {
        "left": 100 * x0 / width,
        "top": 100 * y0 / height,
        "width": 100 * (x1 - x0) / width,
        "height": 100 * (y1 - y0) / height,
        "z": list(bounds[0]) if len(bounds) == 3 else None,
        "label": label,
        "colour": colour,
    }


def region_boxes(regions: Regions) -> list[dict[str, Any]]:
    """The boxes of all roles, to be drawn over an image."""

    def bounds(box: Box) -> list[tuple[int, int]]:
        return list(zip(box.lower, box.upper, strict=True))

    return [_box(bounds(b), regions.shape, b.role, ROLE_COLOURS.get(b.role, "#999999")) for b in regions.boxes]


def cut_places(images: ScanImages) -> tuple[int, int]:
    """Row and column (shown pixels) through which most structure passes in the first plane, away from the border."""
    median = images.layers["median"][images.first_plane]
    scale = np.maximum(median.reshape(len(median), -1).std(axis=1), 1e-12)[:, None, None]
    change = np.abs(np.diff(median / scale, axis=2)).sum(axis=(0, 2)), np.abs(np.diff(median / scale, axis=1)).sum(axis=(0, 1))
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
    unit = "µm" if scan.pixel_unit == "um" else scan.pixel_unit
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
                pixel_size=scan.pixel_size[-1 if axis == "x" else -2] * view.step,
                unit=unit,
                axis=axis,
                value_unit=f"{channel} / {value_unit}",
                percent=percent,
            )
            words = f"Line cut of {channel} along {axis}: noisy values, denoised median with its {percent} interval"
            drawn[axis] = picture(figure, words + (" and the reference" if cut.reference is not None else ""), least=0.9)
        figures.append(drawn)
    where = [
        f"along x at row y = {row * view.step} px ({physical(row * view.step * scan.pixel_size[-2], unit)})",
        f"along y at column x = {column * view.step} px ({physical(column * view.step * scan.pixel_size[-1], unit)})",
    ]
    if view.slices is not None:
        where.append(f"in slice z = {view.slices[plane]}")
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
    legend = []
    for position, token in enumerate(numbers):
        record = table.iloc[position]
        legend.append(
            {
                "token": token,
                "colour": colours[token],
                "fraction": float(record["fraction"]),
                "area": f"{number(float(record['area']))} {unit_words(str(record['unit']))}",
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


def read_planes(tif: str | Path, view: View, shape: Sequence[int]) -> NDArray[Any]:
    """The shown planes of a label TIFF of spatial ``shape``: integers (P, y, x). Raises ``InputError``."""
    labels = read_labels(tif, shape)
    planes = labels if view.slices is None else labels[list(view.slices)]
    return view.thin(planes.reshape(-1, *shape[-2:]))


def read_labels(tif: str | Path, shape: Sequence[int]) -> NDArray[Any]:
    """A label TIFF of spatial ``shape``, or a stack of such (N, *shape). Raises ``InputError`` for another size."""
    labels = np.asarray(tifffile.imread(tif))
    size = int(np.prod(shape))
    if labels.size == 0 or labels.size % size:
        raise InputError(
            f"shape {labels.shape} does not fit the scan's {tuple(shape)}",
            file=tif,
            remedy="delete it and run the step that writes it again",
        )
    return labels.reshape(tuple(shape) if labels.size == size else (-1, *shape))


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
            entries.append(
                {
                    **entry,
                    "uris": [label_uri(plane, EXCEED_COLOURS) for plane in planes],
                    "shares": [float(np.mean(image == value)) for value in (0, 1, 2)],
                    "rows": _rows(mine, shape, images.scan),
                    "more": max(0, len(mine) - MAX_ROWS),
                    "precision": _precision(images, regions, entry, image),
                }
            )
    remeasure = table[kinds == "remeasure"].sort_values("rank") if len(table) else table
    rows = _rows(remeasure, shape, images.scan)
    return {
        "exceed": entries,
        "remeasure": rows,
        "boxes": [_box(row["bounds"], shape, str(row["rank"])) for row in rows],
        "colours": EXCEED_COLOURS,
    }


def _rows(table: pd.DataFrame, shape: Sequence[int], scan: Scan) -> list[dict[str, Any]]:
    axes = "zyx"[-len(shape) :]
    unit = "µm" if scan.pixel_unit == "um" else scan.pixel_unit
    rows = []
    for _, record in table.sort_values("rank").head(MAX_ROWS).iterrows() if len(table) else ():
        bounds = [(int(record[f"{axis}0_px"]), int(record[f"{axis}1_px"])) for axis in axes]
        extents = {axis: f"{number(float(record[f'{axis}0']))} – {number(float(record[f'{axis}1']))}" for axis in axes}
        rows.append(
            {
                "rank": int(record["rank"]),
                "score": float(record["score"]),
                "pixels": int(record["pixels"]),
                "area": f"{number(float(record['area']))} {unit_words(str(record['unit']))}",
                "bounds": bounds,
                "extents": [extents[axis] for axis in reversed(axes)],
                "pixels_words": ", ".join(
                    f"{axis} {low}–{high - 1}" for axis, (low, high) in zip(reversed(axes), reversed(bounds), strict=True)
                ),
                "unit": unit,
            }
        )
    return rows


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


def image_store(images: ScanImages, colormap: str) -> dict[str, Any]:
    """All images of the scan as data URIs: layer -> channel -> plane."""
    return {
        layer: images.uris(layer, UNCERTAINTY_COLORMAP if layer in ("width", "spread") else colormap)
        for layer in _LAYERS
        if layer in images.layers
    }


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


def colour_bars(images: ScanImages, layer: str, colormap: str) -> list[dict[str, Any]]:
    """Per channel: the labels of a colour bar; with the gradient as CSS."""
    gradient = ", ".join(colour_stops(colormap))
    return [{"ticks": limits.ticks(), "gradient": f"linear-gradient(90deg, {gradient})"} for limits in images.limits(layer)]


def geometry(images: ScanImages) -> dict[str, Any]:
    """Shape of the shown plane in physical proportions, scale bar, and facts about size in words."""
    scan = images.scan
    height, width = scan.shape[-2:]
    unit = scan.pixel_unit
    bar = scale_bar(width, scan.pixel_size[-1], unit)
    extents = [physical(n * size, unit) for n, size in zip(reversed(scan.shape), reversed(scan.pixel_size), strict=True)]
    sizes = sorted({number(size) for size in scan.pixel_size})
    return {
        "ratio": width * scan.pixel_size[-1] / (height * scan.pixel_size[-2]),
        "pixels_across": width // images.view.step,
        "bar": {"percent": 100 * bar.fraction, "label": bar.label},
        "pixels": " × ".join(str(n) for n in reversed(scan.shape)) + " px",
        "extent": " × ".join(extents),
        "pixel": " × ".join(sizes) + " " + ("µm" if unit == "um" else unit) if unit != "px" else "not known",
        "step": images.view.step,
    }


def overview_rows(images: ScanImages) -> list[Overview]:
    """The first plane of every channel, for the overview figure."""
    p = images.first_plane
    return [
        Overview(
            channel=name,
            noisy=images.layers["noisy"][p, c],
            median=images.layers["median"][p, c],
            width=np.nan_to_num(images.layers["width"][p, c], posinf=images.width_limits[c].high),
            limits=images.value_limits[c],
            width_limits=images.width_limits[c],
        )
        for c, name in enumerate(images.scan.channels)
    ]
