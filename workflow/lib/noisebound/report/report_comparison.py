"""The page of a comparison on simulated scans, and its figures as files."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..core.storage import digest_files, read_json
from ..figures.comparison_figures import best_row, example_cuts, example_images, size_curves
from ..figures.published import MEMBERS, NAMES, comparison_rows
from ..figures.style import save_svg
from .pictures import picture, render

logger = logging.getLogger("noisebound")


def report_comparison(
    *,
    curves_csv: str | Path,
    examples: str | Path,
    summary: str | Path,
    title: str,
    settings: Mapping[str, Any],
    output_html: str | Path,
    output_svg: str | Path,
) -> None:
    """Write the page ``report/comparison.html`` and the curves as SVG, from what the step compare_ensembles found.

    ``title`` heads the page; ``settings`` holds ``steps``, ``batch`` and ``train_images`` of the training and
    ``combine``, how the run makes one prediction of its members, which the page says.
    """
    content = read_json(summary)
    images = _read_images(examples)
    row = best_row(images["truth"])
    nominal = float(content["nominal"])
    table = read_table(curves_csv)
    figures = {
        "curves": (size_curves(table, nominal), "Correlation, width reduction and coverage over the number of members"),
        "images": (example_images(images, row, nominal), "One test image: noisy, true, and denoised in five ways"),
        "cuts": (example_cuts(images, row, nominal), "Cuts through the image with intervals, beside the truth"),
    }
    save_svg(size_curves(table, nominal), output_svg)
    families = [
        {"name": name, **content["families"][family], "gain": _gain(content["families"][family])}
        for family, name in NAMES.items()
    ]
    context = {
        "run_title": title,
        "summary": content,
        "families": families,
        "rows": comparison_rows(content),
        "filters": [{**entry, "words": _setting(entry)} for entry in content["filters"]],
        "published_members": MEMBERS,
        "nominal": nominal,
        "row": row,
        "charts": {name: picture(figure, words) for name, (figure, words) in figures.items()},
        "settings": settings,
        "digests": digest_files({"summary": summary, "curves": curves_csv, "images": examples})
        + content.get("digests", []),
    }
    render("comparison.html", output_html, context)
    logger.info("wrote %s (%.1f MB)", output_html, Path(output_html).stat().st_size / 1e6)


def _setting(entry: Mapping[str, Any]) -> str:
    """What the setting of a filter of :mod:`noisebound.simulation.filters` is."""
    value = f"{float(entry['setting']):g}"
    words = {
        "Gaussian filter": f"σ = {value} px",
        "total variation": f"weight {value}",
        "non-local means": f"h = {value}",
    }
    return words.get(str(entry["filter"]), value)


def _gain(family: Mapping[str, Any]) -> float:
    """How much smaller the error of all members together is than that of one, as a share."""
    return 1 - float(family["all"]["rmse"]) / float(family["one"]["rmse"])


def _read_images(path: str | Path) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    with h5py.File(path, "r") as stored:

        def keep(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = np.asarray(item[()], dtype=np.float32)

        stored.visititems(keep)
    return found
