"""The step report_scan: the page of one scan, one HTML file that opens from disk without network."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..calibration.intervals import Calibration
from ..calibration.targets import TRUE_TARGET
from ..core.sharing import shared_path
from ..core.storage import atomic_path, read_json
from ..figures.scan_figures import overview, thumbnail
from ..figures.style import save_png
from ..files.predictions import Predictions
from ..files.scan import Scan
from ..regions.regions import Regions
from . import decisions, scan_images, scan_page
from .drift import of_scan
from .pictures import picture_bytes, render
from .result_rows import coverage_words, notes, overlap_share, shows_psnr, test_rows

logger = logging.getLogger("noisebound")


def report_scan(
    *,
    scan: str | Path,
    denoised: str | Path,
    regions: str | Path,
    tokens_tif: str | Path,
    tokens_csv: str | Path,
    decisions_csv: str | Path,
    decisions_tif: str | Path,
    drift: str | Path,
    calibration: str | Path,
    summary: str | Path | None,
    provenance: Mapping[str, Any],
    settings: Mapping[str, Any],
    output_html: str | Path,
    output_thumbnail: str | Path,
    output_overview: str | Path,
) -> None:
    """Write the page of one scan, its thumbnail (PNG, for the index) and its overview (PNG, for Snakemake's report).

    ``scan``, ``denoised``, ``regions``, ``tokens_*``, ``decisions_*`` and ``drift`` are that scan's own files;
    ``calibration`` is the run's; ``summary`` is the run's ``evaluation/summary.json``, from which only the entry of
    this scan is taken, or ``None``. ``provenance`` comes from ``provenance.collect_provenance``. ``settings``: title
    (of the run), intensity_unit (of the reference), kind (counts or intensity), exceed (``decisions.exceed`` of the
    configuration), and optionally colormap (default viridis for counts, gray for intensity) and combine (how members
    become one prediction, default average).

    Raises ``InputError`` where the files do not belong together.
    """
    fitted = Calibration.read(calibration)
    colormap = settings.get("colormap") or ("viridis" if settings["kind"] == "counts" else "gray")
    value_unit = str(settings["intensity_unit"])
    layout = Regions.read(regions)
    with Scan(scan) as source, Predictions(denoised) as images_file:
        images = scan_images.ScanImages(source, images_file)
        token_content, first_tokens = scan_page.tokens(images, tokens_tif, tokens_csv)
        found = decisions.decisions(images, layout, decisions_csv, decisions_tif, settings["exceed"])
        entry = read_json(summary).get("scans", {}).get(source.name, {}) if summary is not None else {}
        rows = test_rows(
            {name: entry[name] for name in source.channels if name in entry}, fitted.primary, fitted.about_scans
        )
        tested = coverage_words(rows, fitted.primary)
        primary_infinite = not np.isfinite(images.layers["width"]).all()
        channel, plane = images.most_structured(), images.first_plane
        store = scan_images.image_store(images, colormap)
        # Images that the page starts with are in its elements; the store leaves them out.
        context = {
            "run_title": settings["title"],
            "scan": source.name,
            "channels": source.channels,
            "channel": channel,
            "plane": plane,
            "slices": images.view.slices,
            "geometry": scan_images.geometry(images),
            "store": store,
            "pending": scan_page.pending_images(store, token_content, found, channel, plane),
            "bars": {
                "value": scan_images.colour_bars(images, "median", colormap),
                "width": scan_images.colour_bars(images, "width", scan_images.UNCERTAINTY_COLORMAP),
                "spread": scan_images.colour_bars(images, "spread", scan_images.UNCERTAINTY_COLORMAP),
            },
            "value_unit": value_unit,
            "gains": images.gain,
            "n_frames": source.n_frames,
            "frame": images_file.frame,
            "n_members": images_file.n_members,
            "combine": settings.get("combine", "average"),
            "overlap_share": overlap_share(images_file.overlap_error),
            "has_reference": source.has_reference,
            "reference_kind": source.reference_kind,
            "simulated": source.has_truth,
            "reference_is_truth": fitted.target == TRUE_TARGET,
            "roles": sorted({box.role for box in layout.boxes}, key=list(scan_page.ROLE_COLOURS).index),
            "role_colours": scan_page.ROLE_COLOURS,
            "region_boxes": scan_page.region_boxes(layout),
            "guard": layout.guard,
            "guard_from": layout.guard_from,
            "unassigned": scan_page.unassigned(layout),
            "frames_judged": scan_page.frames_judged(layout, rows[0]["n_pixels"]) if rows else None,
            "primary": fitted.primary,
            "guarantee": fitted.guarantee,
            "unit_reason": fitted.content.get("unit_reason"),
            "target": fitted.target,
            "infinite": primary_infinite,
            "variances": scan_page.uncertainty_parts(images_file),
            "flat": scan_page.without_width(images_file),
            "headline": tested,
            "rows": rows,
            "has_psnr": shows_psnr(rows),
            "notes": notes(rows),
            "cuts": scan_page.cuts(images, value_unit) if not primary_infinite else None,
            "tokens": token_content,
            "decisions": found,
            "drift": of_scan(drift),
            "sources": [{**entry, "path": shared_path(entry["path"])} for entry in source.sources],
            "provenance": provenance,
        }
        render("scan.html", output_html, context, script="scan.js")
        noisy, median = (images.layers[name][plane, channel] for name in ("noisy", "median"))
        picture = thumbnail(noisy, median, images.value_limits[channel], colormap)
        with atomic_path(output_thumbnail) as temporary:
            temporary.write_bytes(picture_bytes(picture))
        figure = overview(
            scan_images.overview_rows(images),
            first_tokens,
            pixel_size=source.pixel_size[-1] * images.view.step,
            unit=source.pixel_unit,
            value_unit=value_unit,
            colormap=colormap,
        )
        save_png(figure, output_overview, dpi=110)
    logger.info("wrote %s (%.1f MB)", output_html, Path(output_html).stat().st_size / 1e6)
