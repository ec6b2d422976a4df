"""The page of a comparison: what it says of curves, images and filters, and the curves as a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import pytest

from noisebound.core.storage import sha256_file, write_json
from noisebound.figures.published import comparison_rows, comparison_text
from noisebound.report.report_comparison import ComparisonSettings, report_comparison
from noisebound.report.summarise import main
from tests.unit.figures import comparison
from tests.unit.report.parsed_page import Page

SETTINGS = ComparisonSettings(steps=10, batch=2, combine="average", train_images=6)


def write(run: Path, settings: ComparisonSettings = SETTINGS, **changes: Any) -> Page:
    """The page of a run whose summary has these ``changes``."""
    folder = run / "comparison"
    write_json(folder / "summary.json", comparison.summary() | changes)
    comparison.curves().to_csv(folder / "curves.csv", index=False)
    with h5py.File(folder / "examples.h5", "w") as file:
        for name, image in comparison.example().items():
            file[name] = image
    report_comparison(
        curves_csv=folder / "curves.csv",
        examples=folder / "examples.h5",
        summary=folder / "summary.json",
        title="A title & more",
        settings=settings,
        output_html=run / "report" / "comparison.html",
        output_svg=run / "figures" / "comparison.svg",
    )
    return Page(run / "report" / "comparison.html")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    write(folder)
    return folder


def test_the_page_shows_curves_images_and_cuts(run: Path) -> None:
    page = Page(run / "report" / "comparison.html")
    assert "A title &amp; more" in page.source
    assert len([a for a in page.all("svg") if a.get("role") == "img" and a["aria-label"]]) == 3
    measured = comparison_rows(comparison.summary())[0]["measured"]
    for text in ("0.9754 → 0.9810", measured, "random networks, published", "non-local means"):
        assert text in page.text
    assert "coverage of the truth" in page.text and "same learning rate" in page.text and "pools them" not in page.text
    assert "of the reference" in page.text, "coverage of the noisy reference and of the truth stand side by side"
    assert "σ = 2.5 px" in page.text
    assert (run / "figures" / "comparison.svg").read_bytes().startswith(b"<?xml")


def test_the_page_names_the_files_behind_it(run: Path) -> None:
    page = Page(run / "report" / "comparison.html")
    for name in ("summary.json", "curves.csv", "examples.h5"):
        assert sha256_file(run / "comparison" / name) in page.text


def test_the_error_of_all_members_is_compared_with_that_of_one(run: Path) -> None:
    gain = 1 - comparison.mean_of("random", "rmse", 4) / comparison.mean_of("random", "rmse", 1)
    assert f"{100 * gain:.0f} %" in Page(run / "report" / "comparison.html").text


def test_pooled_members_and_an_exact_reference_are_said(tmp_path: Path) -> None:
    pooled = write(tmp_path, replace(SETTINGS, combine="pool", batch=1), reference_is_truth=True)
    assert "the images this run delivers pool them" in pooled.text and "1 patch on 6 images" in pooled.text
    assert "the reference is the truth itself" in pooled.text


def test_the_table_is_printed_where_a_run_ends(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json(run / "evaluation" / "summary.json", {"run": "run", "channels": {}})
    assert main([str(run)]) == 0
    printed = capsys.readouterr().out
    assert str(run / "report" / "comparison.html") in printed
    assert comparison_text(comparison.summary()) in printed
