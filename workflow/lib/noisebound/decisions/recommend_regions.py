"""The step recommend_regions: exceedance maps, ranked regions, and boxes worth measuring again."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage

from ..calibration.intervals import Calibration
from ..core.storage import digest_json, sha256_file
from ..core.tables import write_table
from ..files.labels import read_tokens
from ..files.ome_tiff import write_ome_tiff
from ..files.predictions import Predictions
from .exceedance import ABOVE, UNDECIDED, check_exceed, exceedance

logger = logging.getLogger("noisebound")


def rank_regions(above: NDArray[np.bool_], excess: NDArray[np.floating[Any]]) -> list[dict[str, Any]]:
    """Connected regions of ``above`` (corners connect), by falling score.

    The score is the sum over a region's pixels of ``excess``, the lower bound minus the threshold: large and clearly
    exceeding places come first. Returns {"score", "pixels", "bounds": one (start, stop) per axis} per region.
    """
    from skimage.measure import label

    labels, count = label(above, connectivity=above.ndim, return_num=True)  # type: ignore[no-untyped-call,unused-ignore]
    flat = labels.ravel()
    scores = np.bincount(flat, weights=np.where(above, excess, 0).ravel(), minlength=count + 1)[1:]
    pixels = np.bincount(flat, minlength=count + 1)[1:]
    found = ndimage.find_objects(labels)
    return [
        {
            "score": float(scores[i]),
            "pixels": int(pixels[i]),
            "bounds": [(part.start, part.stop) for part in found[i]],
        }
        for i in np.argsort(-scores, kind="stable")
    ]


def relative_width(denoised: Predictions) -> NDArray[np.float64]:
    """Width of the primary interval relative to each channel's range, summed over channels; shape (*spatial).

    The range of a channel is the distance between the 5 % and 95 % quantiles of its median image. Channels without
    range, or with infinite intervals, say nothing about places and are left out.
    """
    total = np.zeros(denoised.shape)
    for c, name in enumerate(denoised.channels):
        low, high = np.quantile(denoised.read("median", channel=c), [0.05, 0.95])
        width = denoised.read("upper", channel=c).astype(np.float64) - denoised.read("lower", channel=c)
        if high > low and np.isfinite(width).all():
            total += width / (high - low)
        else:
            logger.info("channel %s has no range or no finite interval; it does not rank regions", name)
    return total


def remeasure_boxes(need: NDArray[np.float64], size: int, count: int) -> list[dict[str, Any]]:
    """Up to ``count`` boxes of ``size`` px per axis that do not overlap, greedily by the highest mean of ``need``.

    Along an axis shorter than ``size`` a box spans the axis. Returns the same fields as ``rank_regions``; the score
    is the mean of ``need`` in the box.
    """
    sides = tuple(min(int(size), extent) for extent in need.shape)
    sums = need
    for axis, side in enumerate(sides):
        running = np.insert(np.cumsum(sums, axis=axis), 0, 0.0, axis=axis)
        ends = np.arange(side, running.shape[axis])
        sums = running.take(ends, axis=axis) - running.take(ends - side, axis=axis)
    means = sums / math.prod(sides)
    boxes: list[dict[str, Any]] = []
    while len(boxes) < count and np.isfinite(means).any():
        corner = np.unravel_index(int(np.argmax(means)), means.shape)
        bounds = [(int(start), int(start) + side) for start, side in zip(corner, sides, strict=True)]
        boxes.append({"score": float(means[corner]), "pixels": math.prod(sides), "bounds": bounds})
        # Corners within one side of this one, along every axis, would overlap it.
        near = tuple(slice(max(0, start - side + 1), stop) for (start, stop), side in zip(bounds, sides, strict=True))
        means[near] = -np.inf
    return boxes


def _row(
    kind: str, rank: int, found: Mapping[str, Any], about: Mapping[str, Any], images: Predictions
) -> dict[str, Any]:
    axes = "zyx"[-images.ndim :]
    row = {
        "kind": kind,
        "name": about.get("name", kind),
        "rank": rank,
        "channel": about.get("channel", ""),
        "threshold": about.get("above", math.nan),
        "confidence": about.get("confidence", math.nan),
        "score": found["score"],
        "pixels": found["pixels"],
        "area": found["pixels"] * math.prod(images.pixel_size),
        "unit": f"{images.pixel_unit}^{images.ndim}",
    }
    for axis, (start, stop) in zip(axes, found["bounds"], strict=True):
        row |= {f"{axis}0_px": start, f"{axis}1_px": stop}
    for axis, (start, stop), size in zip(axes, found["bounds"], images.pixel_size, strict=True):
        row |= {f"{axis}0": start * size, f"{axis}1": stop * size}
    return row


def columns(ndim: int) -> list[str]:
    """Columns of ``decisions/<scan>.csv`` for a scan of ``ndim`` spatial axes."""
    axes = "zyx"[-ndim:]
    names = ["kind", "name", "rank", "channel", "threshold", "confidence", "score", "pixels", "area", "unit"]
    return names + [f"{axis}{end}{suffix}" for suffix in ("_px", "") for axis in axes for end in (0, 1)]


def recommend_regions(
    denoised: str | Path,
    ensemble: str | Path,
    calibration: str | Path,
    output_csv: str | Path,
    output_tif: str | Path,
    *,
    tokens: str | Path | None = None,
    exceed: Sequence[Mapping[str, Any]],
    remeasure: Mapping[str, Any] | None,
) -> None:
    """Write the ranked regions of one scan as CSV and its exceedance maps as TIFF.

    ``exceed`` lists {"name", "channel", "above" (threshold, units of the reference), "confidence"}; each gets one-sided
    bounds at its own confidence, a map (see ``exceedance``) and its regions (see ``rank_regions``). ``remeasure`` is
    {"size" (px), "count"} or None (see ``relative_width``, ``remeasure_boxes``). ``tokens`` is the scan's label TIFF,
    needed where corrections depend on it. Bounds in the CSV are half-open, in
    pixels (``y0_px`` ...) and in the unit of the pixel size (``y0`` ...), from the image's first corner.

    The TIFF is uint8 (N, [Z], Y, X), OME with the entries' names as channels; without entries it is one map named
    "none" that is undecided everywhere. Raises ``InputError`` for unknown channels and uncalibrated confidences.
    """
    fitted = Calibration.read(calibration)
    rows: list[dict[str, Any]] = []
    maps: list[NDArray[np.uint8]] = []
    with Predictions(ensemble) as raw, Predictions(denoised) as images:
        fitted.check_channels(raw.channels, ensemble)
        check_exceed(exceed, raw.channels)
        labels = read_tokens(tokens, raw.shape) if fitted.by_token else None
        for entry in exceed:
            c, confidence, above = raw.channels.index(entry["channel"]), entry["confidence"], float(entry["above"])
            lower, median, upper = (raw.read(kind, channel=c) for kind in ("lower", "median", "upper"))
            low, high = (
                fitted.bound(side, lower, median, upper, confidence, entry["channel"], labels)
                for side in ("lower", "upper")
            )
            maps.append(exceedance(low, high, above))
            regions = rank_regions(maps[-1] == ABOVE, low.astype(np.float64) - above)
            rows += [_row("exceed", rank, region, entry, images) for rank, region in enumerate(regions, 1)]
            logger.info("%s: %d regions above %s at confidence %s", entry["name"], len(regions), above, confidence)
        if remeasure and remeasure["count"] > 0:
            boxes = remeasure_boxes(relative_width(images), remeasure["size"], remeasure["count"])
            rows += [_row("remeasure", rank, box, {}, images) for rank, box in enumerate(boxes, 1)]
        shape, names = images.shape, [str(entry["name"]) for entry in exceed]
        pixel_size, pixel_unit = images.pixel_size, images.pixel_unit
    if not maps:
        maps, names = [np.full(shape, UNDECIDED)], ["none"]
    table = pd.DataFrame(rows, columns=columns(len(shape)))
    write_table(output_csv, table.columns, table.itertuples(index=False))
    write_ome_tiff(
        output_tif,
        (plane for image in maps for plane in image.reshape(-1, *shape[-2:])),
        shape=(len(maps), *shape),
        channels=names,
        pixel_size=pixel_size,
        pixel_unit=pixel_unit,
        digest=digest_json([sha256_file(denoised), [dict(entry) for entry in exceed]]),
        dtype=np.uint8,
    )
