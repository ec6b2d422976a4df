"""The step report_index: the index of a run, one HTML file that opens from disk without network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..calibration.intervals import Calibration
from ..core.storage import read_json
from . import drift, index_page
from .index_charts import charts
from .index_page import IndexedScan, RunFiles
from .mode_rows import mode_rows
from .page import write_page
from .result_rows import shared_content
from .settings import PageSettings
from .stability import stability_rows, stability_words


def report_index(
    scans: Mapping[str, IndexedScan],
    run: RunFiles,
    *,
    provenance: Mapping[str, Any],
    settings: PageSettings,
    output_html: str | Path,
    comparison: str | Path | None = None,
) -> None:
    """Write the index of a run.

    Parameters
    ----------
    scans
        Scans by name, in the order in which they are listed.
    run
        Files of the run that the index is made from.
    provenance
        What :func:`noisebound.provenance.origin.collect_provenance` returns.
    settings
        Wording of the pages.
    output_html
        Page to write.
    comparison
        Page that compares ensembles and filters; ``None`` where scans are not simulated.
    """
    fitted = Calibration.read(run.calibration)
    summary = read_json(run.summary)
    context = shared_content(settings, fitted, summary.get("channels", {}))
    rows = context["rows"]
    context |= {
        "run": settings.run,
        "nominal": fitted.nominal,
        "modes": mode_rows(run.modes_csv, [row["name"] for row in rows if row["structured"]], fitted.primary),
        "numbers": index_page.headline_numbers(summary, rows, fitted.primary),
        "cards": index_page.cards(scans, output_html),
        "comparison": None if comparison is None else index_page.link(comparison, output_html),
        "marks": drift.of_run({name: scan.drift for name, scan in scans.items()}),
        "realised": index_page.realised(summary),
        "why": summary.get("why"),
        "charts": charts(run, fitted.channels, fitted.primary),
        "stability": stability_rows(run.stability_csv),
        "stability_words": stability_words(run.stability_csv),
        "architectures": index_page.drawn_architectures(run.architectures),
        "training": index_page.seconds_of_training(run.histories),
        "provenance": provenance,
    }
    write_page("index.html", output_html, context)
