"""The step recommend_regions: exceedance maps, ranked regions, and boxes worth measuring again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.image_slope import squared_slope
from ..calibration.intervals import Calibration
from ..core.storage import digest_json, sha256_file
from ..core.tables import write_table
from ..files.frame_totals import frame_totals
from ..files.labels import read_tokens
from ..files.ome_tiff import write_ome_tiff
from ..files.predictions import Predictions
from ..files.predictions_about import QUANTILES
from ..files.scan import Scan
from ..regions.regions import Regions
from .exceedance import ABOVE, UNDECIDED, check_exceed, decide
from .rank_regions import ranked_labels
from .region_roles import role_shares
from .region_table import columns, contents, row
from .remeasure import expected_drop, ranked_boxes, width_as_sd
from .settings import DecisionSettings

logger = logging.getLogger("noisebound")


@dataclass(frozen=True)
class RegionFiles:
    """The files of one scan that its regions are found in.

    Attributes
    ----------
    scan
        ``scans/<scan>.h5``, whose raw frames are added up.
    regions
        ``regions/<scan>.json``, which says what pixels were used for.
    denoised, ensemble
        ``denoised/<scan>.h5`` and ``ensemble/<scan>.h5``.
    tokens
        Label TIFF where corrections depend on tokens, else None.
    """

    scan: str | Path
    regions: str | Path
    denoised: str | Path
    ensemble: str | Path
    tokens: str | Path | None = None


def recommend_regions(
    files: RegionFiles,
    calibration: str | Path,
    output_csv: str | Path,
    output_tif: str | Path,
    settings: DecisionSettings,
) -> None:
    """Write the ranked regions of one scan as CSV and its exceedance maps as TIFF.

    Each entry of ``decisions.exceed`` gets a map (see ``exceedance``) and the regions above its threshold;
    ``decisions.remeasure`` gets the boxes where more dose is expected to lower the error most (see ``remeasure``).
    Every region has the share of its pixels in each role, and the totals of the raw frames. Bounds in the CSV are
    half-open and counted from the first corner of the image, in px (``y0_px`` ...) and in the unit of the pixel size
    (``y0`` ...).

    Parameters
    ----------
    files
        Files of the scan.
    calibration
        ``calibration.json``.
    output_csv
        Table to write, with the columns of ``region_table``.
    output_tif
        OME-TIFF to write, uint8 (N, [Z], Y, X), with the entries' names as channels. Without entries it holds one map
        named "none" that is undecided everywhere.
    settings
        Section ``decisions`` of the configuration.

    Raises
    ------
    InputError
        Where an entry names an unknown channel or lacks a key, the channels are not the calibrated ones, a confidence
        was not calibrated, or tokens are needed and missing.
    """
    fitted, layout = Calibration.read(calibration), Regions.read(files.regions)
    rows: list[dict[str, Any]] = []
    with Scan(files.scan) as scan, Predictions(files.ensemble) as raw, Predictions(files.denoised) as images:
        fitted.check_channels(raw.channels, files.ensemble)
        check_exceed(settings.exceed, raw.channels)
        tokens = read_tokens(files.tokens, raw.shape) if fitted.by_token else None
        maps: list[NDArray[np.uint8]] = []
        for entry in settings.exceed:
            c = raw.channels.index(entry["channel"])
            lower, median, upper = (raw.read(kind, channel=c) for kind in QUANTILES)
            decided = decide(fitted, entry, (lower, median, upper), tokens)
            maps.append(decided.decided)
            regions, labels = ranked_labels(decided.decided == ABOVE, decided.excess)
            found = [region | {"rank": rank} for rank, region in enumerate(regions, 1)]
            rows += _rows("exceed", found, labels, {**entry, "of": decided.of}, scan, images, layout)
            words = "%s: %d regions above %s at confidence %s"
            logger.info(words, entry["name"], len(regions), float(entry["above"]), entry["confidence"])
        if settings.remeasure["count"] > 0:
            boxes = _boxes(fitted, images, settings)
            rows += _rows("remeasure", boxes, _labels_of(boxes, images.shape), {}, scan, images, layout)
        table = pd.DataFrame(rows, columns=columns(images.ndim, images.channels))
        write_table(output_csv, table.columns, table.itertuples(index=False))
        _write_maps(output_tif, maps, images, settings, files.denoised)


def _boxes(fitted: Calibration, images: Predictions, settings: DecisionSettings) -> list[dict[str, Any]]:
    """The boxes to measure again, by the error about the signal where that is known."""
    median, structured = images.read("median"), [fitted.structured(name) for name in images.channels]
    if fitted.signal is None:
        sd = width_as_sd(images)
    else:
        sd = fitted.signal_spread(median, np.stack([squared_slope(image) for image in median]))
    need = expected_drop(median, sd, structured)
    return ranked_boxes(need, settings.remeasure["size"], settings.remeasure["count"])


def _labels_of(boxes: Sequence[Mapping[str, Any]], shape: Sequence[int]) -> NDArray[np.intp]:
    """Mark each box by its number from 1; boxes do not overlap."""
    labels = np.zeros(tuple(shape), dtype=np.intp)
    for number, box in enumerate(boxes, 1):
        labels[tuple(slice(*bounds) for bounds in box["bounds"])] = number
    return labels


def _rows(
    kind: str,
    found: Sequence[Mapping[str, Any]],
    labels: NDArray[np.intp],
    about: Mapping[str, Any],
    scan: Scan,
    images: Predictions,
    layout: Regions,
) -> list[dict[str, Any]]:
    """The rows of regions, the pixels of which have the ``labels`` 1, 2, ... in the order of ``found``."""
    if not found:
        return []
    count = len(found) + 1
    totals, shares = frame_totals(scan, labels, count, images.frame), role_shares(layout, labels, count)
    return [
        row(kind, region, about, images) | contents(shares[label], totals, label, images.channels)
        for label, region in enumerate(found, 1)
    ]


def _write_maps(
    output: str | Path,
    maps: list[NDArray[np.uint8]],
    images: Predictions,
    settings: DecisionSettings,
    denoised: str | Path,
) -> None:
    names = [str(entry["name"]) for entry in settings.exceed]
    if not maps:
        maps, names = [np.full(images.shape, UNDECIDED)], ["none"]
    write_ome_tiff(
        output,
        (plane for image in maps for plane in image.reshape(-1, *images.shape[-2:])),
        shape=(len(maps), *images.shape),
        channels=names,
        pixel_size=images.pixel_size,
        pixel_unit=images.pixel_unit,
        digest=digest_json([sha256_file(denoised), [dict(entry) for entry in settings.exceed]]),
        dtype=np.uint8,
    )
