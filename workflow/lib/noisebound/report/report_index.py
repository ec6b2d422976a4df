"""The step report_index: the index of a run, one HTML file that opens from disk without network."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..calibration.intervals import Calibration
from ..core.storage import read_json
from . import index_page
from .drift import of_run
from .pictures import render
from .result_rows import coverage_words, notes, shows_psnr, test_rows

logger = logging.getLogger("noisebound")


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
        "modes": index_page.mode_rows(modes_csv, [row["name"] for row in rows if row["structured"]]),
        "numbers": index_page.headline_numbers(content, rows, fitted.primary),
        "cards": index_page.cards(pages, thumbnails, roles, output_html),
        "comparison": None if comparison is None else index_page.link(comparison, output_html),
        "marks": of_run(drift),
        "rows": rows,
        "has_psnr": shows_psnr(rows),
        "notes": notes(rows),
        "realised": index_page.realised(content),
        "why": content.get("why"),
        "charts": index_page.charts(
            coverage_csv=coverage_csv,
            conditional_csv=conditional_csv,
            ensemble_size_csv=ensemble_size_csv,
            histories=histories,
            stability_csv=stability_csv,
            channels=fitted.channels,
            primary=fitted.primary,
        ),
        "stability": index_page.stability_rows(stability_csv),
        "stability_words": index_page.stability_words(stability_csv),
        "architectures": index_page.drawn_architectures(architectures),
        "training": index_page.seconds_of_training(histories),
        "provenance": provenance,
    }
    render("index.html", output_html, context)
    logger.info("wrote %s (%.1f MB)", output_html, Path(output_html).stat().st_size / 1e6)
