"""The step report_scan: the page of one scan, one HTML file that opens from disk without network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..calibration.targets import TRUE_TARGET
from ..core.storage import atomic_path, read_json
from ..figures.scan_figures import overview, thumbnail
from ..figures.style import save_png
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..regions.regions import Regions
from . import decisions, drift, places, region_content, scan_images, scan_page
from .line_cuts import cuts
from .page import write_page
from .pictures import picture_bytes
from .result_rows import shared_content
from .scan_images import ScanImages
from .settings import PageSettings
from .signal import about_signal

COLORMAPS = {"counts": "viridis", "intensity": "gray"}


@dataclass(frozen=True)
class ScanFiles:
    """The files of one scan that its page is made from.

    Parameters
    ----------
    scan
        ``scans/<scan>.h5``.
    denoised
        ``denoised/<scan>.h5``.
    regions
        ``regions/<scan>.json``.
    tokens_tif, tokens_csv
        Token map, and statistics of each token.
    decisions_csv, decisions_tif
        Ranked regions, and exceedance maps.
    drift
        ``drift/<scan>.json``.
    """

    scan: str | Path
    denoised: str | Path
    regions: str | Path
    tokens_tif: str | Path
    tokens_csv: str | Path
    decisions_csv: str | Path
    decisions_tif: str | Path
    drift: str | Path


@dataclass(frozen=True)
class ScanReport:
    """The files that are written about a scan.

    Parameters
    ----------
    page
        HTML file.
    thumbnail
        PNG file for the index.
    overview
        PNG file for Snakemake's report.
    """

    page: str | Path
    thumbnail: str | Path
    overview: str | Path


def report_scan(
    files: ScanFiles,
    *,
    calibration: str | Path,
    summary: str | Path | None,
    provenance: Mapping[str, Any],
    settings: PageSettings,
    output: ScanReport,
) -> None:
    """Write the page of one scan, its thumbnail and its overview.

    Parameters
    ----------
    files
        Files of the scan.
    calibration
        The run's ``calibration/calibration.json``.
    summary
        The run's ``evaluation/summary.json``, of which only the entry of this scan is read; or ``None``.
    provenance
        What :func:`noisebound.provenance.origin.collect_provenance` returns.
    settings
        Wording of the pages.
    output
        Files to write.

    Raises
    ------
    InputError
        Where the files do not belong together.
    """
    fitted = Calibration.read(calibration)
    layout = Regions.read(files.regions)
    colormap = COLORMAPS[settings.kind]
    with Scan(files.scan) as source, Predictions(files.denoised) as predicted:
        images = ScanImages(source, predicted)
        token_content, first_tokens = scan_page.tokens(images, files.tokens_tif, files.tokens_csv)
        found = decisions.decisions(images, layout, files.decisions_csv, files.decisions_tif, settings.exceed)
        context = shared_content(settings, fitted, _tested(source, summary))
        infinite = not np.isfinite(images.layers["width"]).all()
        context |= {
            **scan_page.about_scan(source),
            **scan_page.about_predictions(predicted, fitted.primary),
            **region_content.about_regions(layout, context["rows"]),
            **scan_page.about_images(images, colormap, token_content, found),
            **about_signal(images, fitted),
            "reference_is_truth": fitted.target == TRUE_TARGET,
            "infinite": infinite,
            "cuts": None if infinite else cuts(images, settings.intensity_unit, fitted.primary),
            "tokens": token_content,
            "decisions": found,
            "drift": drift.of_scan(files.drift),
            "places": places.about_places(images, files.drift),
            "provenance": provenance,
        }
        write_page("scan.html", output.page, context, script="scan.js")
        _write_thumbnail(output.thumbnail, images, colormap)
        _write_overview(output.overview, images, first_tokens, settings.intensity_unit, colormap)


def _tested(source: Scan, summary: str | Path | None) -> dict[str, Any]:
    """The results of a scan on its test region by channel, in the order of its channels."""
    entry = {} if summary is None else read_json(summary).get("scans", {}).get(source.name, {})
    return {name: entry[name] for name in source.channels if name in entry}


def _write_thumbnail(path: str | Path, images: ScanImages, colormap: str) -> None:
    channel, plane = images.most_structured(), images.first_plane
    noisy, median = (images.layers[name][plane, channel] for name in ("noisy", "median"))
    picture = thumbnail(noisy, median, images.value_limits[channel], colormap)
    with atomic_path(path) as temporary:
        temporary.write_bytes(picture_bytes(picture))


def _write_overview(path: str | Path, images: ScanImages, tokens: NDArray[Any], value_unit: str, colormap: str) -> None:
    figure = overview(
        scan_images.overview_rows(images),
        tokens,
        pixel_size=images.scan.pixel_size[-1] * images.view.step,
        unit=images.scan.pixel_unit,
        value_unit=value_unit,
        colormap=colormap,
    )
    save_png(figure, path, dpi=110)
