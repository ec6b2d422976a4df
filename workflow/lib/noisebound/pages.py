"""The web pages of a run: one per scan and an index. Each is one file that opens from disk without network."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import pages_decisions, pages_drift, pages_images, pages_index, pages_scan
from .calibration import Calibration
from .calibration_pixels import TRUE_TARGET
from .figures_scan import overview, thumbnail
from .figures_style import save_png
from .pages_parts import coverage_words, notes, overlap_share, picture_bytes, render, shows_psnr, test_rows
from .predictions import Predictions
from .regions import Regions
from .scans import Scan
from .sharing import shared_path
from .storage import atomic_path, read_json

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
        images = pages_images.ScanImages(source, images_file)
        token_content, first_tokens = pages_scan.tokens(images, tokens_tif, tokens_csv)
        found = pages_decisions.decisions(images, layout, decisions_csv, decisions_tif, settings["exceed"])
        entry = read_json(summary).get("scans", {}).get(source.name, {}) if summary is not None else {}
        rows = test_rows(
            {name: entry[name] for name in source.channels if name in entry}, fitted.primary, fitted.about_scans
        )
        tested = coverage_words(rows, fitted.primary)
        primary_infinite = not np.isfinite(images.layers["width"]).all()
        channel, plane = images.most_structured(), images.first_plane
        store = pages_images.image_store(images, colormap)
        # Images that the page starts with are in its elements; the store leaves them out.
        context = {
            "run_title": settings["title"],
            "scan": source.name,
            "channels": source.channels,
            "channel": channel,
            "plane": plane,
            "slices": images.view.slices,
            "geometry": pages_images.geometry(images),
            "store": store,
            "pending": pages_scan.pending_images(store, token_content, found, channel, plane),
            "bars": {
                "value": pages_images.colour_bars(images, "median", colormap),
                "width": pages_images.colour_bars(images, "width", pages_images.UNCERTAINTY_COLORMAP),
                "spread": pages_images.colour_bars(images, "spread", pages_images.UNCERTAINTY_COLORMAP),
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
            "roles": sorted({box.role for box in layout.boxes}, key=list(pages_scan.ROLE_COLOURS).index),
            "role_colours": pages_scan.ROLE_COLOURS,
            "region_boxes": pages_scan.region_boxes(layout),
            "guard": layout.guard,
            "guard_from": layout.guard_from,
            "unassigned": pages_scan.unassigned(layout),
            "frames_judged": pages_scan.frames_judged(layout, rows[0]["n_pixels"]) if rows else None,
            "primary": fitted.primary,
            "guarantee": fitted.guarantee,
            "unit_reason": fitted.content.get("unit_reason"),
            "target": fitted.target,
            "infinite": primary_infinite,
            "variances": pages_scan.uncertainty_parts(images_file),
            "flat": pages_scan.without_width(images_file),
            "headline": tested,
            "rows": rows,
            "has_psnr": shows_psnr(rows),
            "notes": notes(rows),
            "cuts": pages_scan.cuts(images, value_unit) if not primary_infinite else None,
            "tokens": token_content,
            "decisions": found,
            "drift": pages_drift.of_scan(drift),
            "sources": [{**entry, "path": shared_path(entry["path"])} for entry in source.sources],
            "provenance": provenance,
        }
        render("scan.html", output_html, context, script="scan.js")
        noisy, median = (images.layers[name][plane, channel] for name in ("noisy", "median"))
        picture = thumbnail(noisy, median, images.value_limits[channel], colormap)
        with atomic_path(output_thumbnail) as temporary:
            temporary.write_bytes(picture_bytes(picture))
        figure = overview(
            pages_images.overview_rows(images),
            first_tokens,
            pixel_size=source.pixel_size[-1] * images.view.step,
            unit=source.pixel_unit,
            value_unit=value_unit,
            colormap=colormap,
        )
        save_png(figure, output_overview, dpi=110)
    logger.info("wrote %s (%.1f MB)", output_html, Path(output_html).stat().st_size / 1e6)


def report_index(
    *,
    pages: Mapping[str, str | Path],
    thumbnails: Mapping[str, str | Path],
    roles: Mapping[str, str],
    drift: Mapping[str, str | Path],
    calibration: str | Path,
    summary: str | Path,
    coverage_csv: str | Path,
    conditional_csv: Mapping[str, str | Path],
    modes_csv: str | Path,
    ensemble_size_csv: str | Path,
    stability_csv: str | Path,
    histories: Sequence[str | Path],
    architectures: Sequence[str | Path],
    provenance: Mapping[str, Any],
    settings: Mapping[str, Any],
    output_html: str | Path,
    comparison: str | Path | None = None,
) -> None:
    """Write the index of a run.

    ``pages``, ``thumbnails``, ``roles`` and ``drift`` map a scan's name to its page, its thumbnail, the role it has in
    the scan sheet and its check, in the order in which the scans are listed; ``conditional_csv`` maps intensity, token,
    border and block to the table of coverage by that, ``modes_csv`` compares ways to calibrate. ``histories`` and
    ``architectures`` are in the order of the members. ``settings``: title, run, intensity_unit and
    combine (how members become one prediction, default average). ``comparison``
    is the page that compares ensembles and filters, where scans are simulated.
    """
    fitted = Calibration.read(calibration)
    content = read_json(summary)
    rows = test_rows(content.get("channels", {}), fitted.primary, fitted.about_scans)
    context = {
        "run_title": settings["title"],
        "run": settings["run"],
        "combine": settings.get("combine", "average"),
        "value_unit": settings["intensity_unit"],
        "primary": fitted.primary,
        "nominal": fitted.nominal,
        "guarantee": fitted.guarantee,
        "unit_reason": fitted.content.get("unit_reason"),
        "target": fitted.target,
        "headline": coverage_words(rows, fitted.primary),
        "modes": pages_index.mode_rows(modes_csv, [row["name"] for row in rows if row["structured"]]),
        "numbers": pages_index.headline_numbers(content, rows, fitted.primary),
        "cards": pages_index.cards(pages, thumbnails, roles, output_html),
        "comparison": None if comparison is None else pages_index.link(comparison, output_html),
        "marks": pages_drift.of_run(drift),
        "rows": rows,
        "has_psnr": shows_psnr(rows),
        "notes": notes(rows),
        "realised": pages_index.realised(content),
        "why": content.get("why"),
        "charts": pages_index.charts(
            coverage_csv=coverage_csv,
            conditional_csv=conditional_csv,
            ensemble_size_csv=ensemble_size_csv,
            histories=histories,
            stability_csv=stability_csv,
            channels=fitted.channels,
            primary=fitted.primary,
        ),
        "stability": pages_index.stability_rows(stability_csv),
        "stability_words": pages_index.stability_words(stability_csv),
        "architectures": pages_index.drawn_architectures(architectures),
        "training": pages_index.seconds_of_training(histories),
        "provenance": provenance,
    }
    render("index.html", output_html, context)
    logger.info("wrote %s (%.1f MB)", output_html, Path(output_html).stat().st_size / 1e6)
