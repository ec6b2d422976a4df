"""The step recommend_regions: exceedance maps, ranked regions, and boxes worth measuring again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..core.storage import digest_json, sha256_file
from ..core.tables import write_table
from ..files.labels import read_tokens
from ..files.ome_tiff import write_ome_tiff
from ..files.predictions import Predictions
from ..files.predictions_about import QUANTILES
from .exceedance import ABOVE, UNDECIDED, check_exceed, decide
from .rank_regions import rank_regions, relative_width, remeasure_boxes
from .region_table import columns, row
from .settings import DecisionSettings

logger = logging.getLogger("noisebound")


def recommend_regions(
    denoised: str | Path,
    ensemble: str | Path,
    calibration: str | Path,
    output_csv: str | Path,
    output_tif: str | Path,
    settings: DecisionSettings,
    tokens: str | Path | None = None,
) -> None:
    """Write the ranked regions of one scan as CSV and its exceedance maps as TIFF.

    Each entry of ``decisions.exceed`` gets a map (see ``exceedance``) and the regions above its threshold;
    ``decisions.remeasure`` gets the boxes with the widest intervals (see ``rank_regions``). Bounds in the CSV are
    half-open and counted from the first corner of the image, in px (``y0_px`` ...) and in the unit of the pixel size
    (``y0`` ...).

    Parameters
    ----------
    denoised, ensemble, calibration
        ``denoised/<scan>.h5``, ``ensemble/<scan>.h5`` and ``calibration.json``.
    output_csv
        Table to write, with the columns of ``region_table``.
    output_tif
        OME-TIFF to write, uint8 (N, [Z], Y, X), with the entries' names as channels. Without entries it holds one map
        named "none" that is undecided everywhere.
    settings
        Section ``decisions`` of the configuration.
    tokens
        Label TIFF of the scan where corrections depend on tokens, else None.

    Raises
    ------
    InputError
        Where an entry names an unknown channel or lacks a key, the channels are not the calibrated ones, a confidence
        was not calibrated, or tokens are needed and missing.
    """
    fitted = Calibration.read(calibration)
    rows: list[dict[str, Any]] = []
    with Predictions(ensemble) as raw, Predictions(denoised) as images:
        fitted.check_channels(raw.channels, ensemble)
        check_exceed(settings.exceed, raw.channels)
        labels = read_tokens(tokens, raw.shape) if fitted.by_token else None
        maps: list[NDArray[np.uint8]] = []
        for entry in settings.exceed:
            c = raw.channels.index(entry["channel"])
            lower, median, upper = (raw.read(kind, channel=c) for kind in QUANTILES)
            decided = decide(fitted, entry, (lower, median, upper), labels)
            maps.append(decided.decided)
            regions = rank_regions(decided.decided == ABOVE, decided.excess)
            rows += [row("exceed", rank, region, entry, images) for rank, region in enumerate(regions, 1)]
            words = "%s: %d regions above %s at confidence %s"
            logger.info(words, entry["name"], len(regions), float(entry["above"]), entry["confidence"])
        if settings.remeasure["count"] > 0:
            boxes = remeasure_boxes(relative_width(images), settings.remeasure["size"], settings.remeasure["count"])
            rows += [row("remeasure", rank, box, {}, images) for rank, box in enumerate(boxes, 1)]
        table = pd.DataFrame(rows, columns=columns(images.ndim))
        write_table(output_csv, table.columns, table.itertuples(index=False))
        _write_maps(output_tif, maps, images, settings, denoised)


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
