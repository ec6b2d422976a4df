"""The step report_comparison: the page of a comparison on simulated scans, and its curves as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from ..core.data_frames import read_table
from ..core.storage import digest_files, read_json
from ..figures.comparison_figures import best_row, example_cuts, example_images, size_curves
from ..figures.published import MEMBERS, NAMES, comparison_rows
from ..figures.style import save_svg
from .page import write_page
from .pictures import picture


@dataclass(frozen=True)
class ComparisonSettings:
    """What the page says about the training and the run.

    Parameters
    ----------
    steps, batch
        Number of training steps, and patches per step.
    combine
        How the run makes one prediction of its members, "average" or "pool".
    train_images
        Number of simulated images to train on.
    """

    steps: int
    batch: int
    combine: str
    train_images: int


def report_comparison(
    *,
    curves_csv: str | Path,
    examples: str | Path,
    summary: str | Path,
    title: str,
    settings: ComparisonSettings,
    output_html: str | Path,
    output_svg: str | Path,
) -> None:
    """Write the page that compares random networks, U-Nets and filters, and its curves as SVG.

    Parameters
    ----------
    curves_csv, examples, summary
        Outputs of the step compare_ensembles: table of curves (CSV), example images (HDF5), summary (JSON).
    title
        Heading of the page.
    settings
        What the page says about the training and the run.
    output_html, output_svg
        Files to write.
    """
    content = read_json(summary)
    nominal = float(content["nominal"])
    images = _read_images(examples)
    row = best_row(images["truth"])
    table = read_table(curves_csv)
    save_svg(size_curves(table, nominal), output_svg)
    context = {
        "run_title": title,
        "summary": content,
        "families": [
            {"name": name, **content["families"][family], "gain": _gain(content["families"][family])}
            for family, name in NAMES.items()
        ],
        "rows": comparison_rows(content),
        "filters": [{**entry, "words": _setting(entry)} for entry in content["filters"]],
        "published_members": MEMBERS,
        "nominal": nominal,
        "row": row,
        "charts": _charts(table, images, row, nominal),
        "settings": settings,
        "digests": digest_files({"summary": summary, "curves": curves_csv, "images": examples})
        + content.get("digests", []),
    }
    write_page("comparison.html", output_html, context)


def _charts(
    table: pd.DataFrame, images: Mapping[str, NDArray[np.float32]], row: int, nominal: float
) -> dict[str, Markup | None]:
    """The figures of the page as SVG."""
    curves = "Correlation, width reduction and coverage over the number of members"
    return {
        "curves": picture(size_curves(table, nominal), curves),
        "images": picture(
            example_images(images, row, nominal), "One test image: noisy, true, and denoised in five ways"
        ),
        "cuts": picture(example_cuts(images, row, nominal), "Cuts through the image with intervals, beside the truth"),
    }


def _setting(entry: Mapping[str, Any]) -> str:
    """The setting of a filter in words."""
    value = f"{float(entry['setting']):g}"
    words = {
        "Gaussian filter": f"σ = {value} px",
        "total variation": f"weight {value}",
        "non-local means": f"h = {value}",
    }
    return words.get(str(entry["filter"]), value)


def _gain(family: Mapping[str, Any]) -> float:
    """Share by which the RMSE of all members together is smaller than that of one member."""
    return 1 - float(family["all"]["rmse"]) / float(family["one"]["rmse"])


def _read_images(path: str | Path) -> dict[str, NDArray[np.float32]]:
    """All datasets of an HDF5 file by their path in it."""
    found: dict[str, NDArray[np.float32]] = {}
    with h5py.File(path, "r") as stored:

        def keep(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = np.asarray(item[()], dtype=np.float32)

        stored.visititems(keep)
    return found
