"""What a page says about decisions, against the files they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.regions.regions import Regions
from noisebound.report.decisions import MAX_ROWS, decisions
from noisebound.report.scan_images import ScanImages
from tests.unit.example_run import phantom, write_pages
from tests.unit.report.parsed_page import Page, image_of


def test_realised_precision_is_counted_on_the_test_boxes(flat: dict[str, Any]) -> None:
    files = flat["folder"] / "files"
    regions = Regions.read(files / "scan-0.regions.json")
    called = tifffile.imread(files / "scan-0.decisions.tif").reshape(40, 56) == 2
    with Scan(files / "scan-0.scan.h5") as scan:
        above = scan.read_target(0)[0] > flat["settings"].exceed[0]["above"]
    picked = called & regions.mask("test")
    assert picked.sum() > 0
    words = f"{100 * (above & picked).sum() / picked.sum():.1f} % of the {picked.sum()} pixels called above"
    assert words in Page(flat["pages"]["map"]).text


def found_in(made: dict[str, Any], name: str) -> dict[str, Any]:
    files = made["scans"][name]
    with Scan(files.scan) as scan, Predictions(files.denoised) as denoised:
        regions = Regions.read(files.regions)
        exceed = made["settings"].exceed
        return decisions(ScanImages(scan, denoised), regions, files.decisions_csv, files.decisions_tif, exceed)


@pytest.mark.parametrize("which", ["flat", "deep"])
def test_maps_and_rows_are_those_of_the_files(which: str, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(which)
    found = found_in(made, "map")
    (entry,) = found["exceed"]
    image = tifffile.imread(made["scans"]["map"].decisions_tif).squeeze()
    assert entry["shares"] == pytest.approx([np.mean(image == value) for value in (0, 1, 2)])
    assert sum(entry["shares"]) == pytest.approx(1)
    table = pd.read_csv(made["scans"]["map"].decisions_csv)
    mine = table[table["kind"] == "exceed"].sort_values("rank")
    assert [row["rank"] for row in entry["rows"]] == list(mine["rank"])[:MAX_ROWS]
    assert [row["pixels"] for row in entry["rows"]] == list(mine["pixels"])[:MAX_ROWS]
    assert entry["more"] == max(0, len(mine) - MAX_ROWS)
    assert len(entry["boxes"]) == len(entry["rows"])
    assert [row["rank"] for row in found["remeasure"]] == [1, 2, 3]
    planes = image if which == "deep" else image[None]
    shown = [image_of(uri) for uri in entry["uris"]]
    colours = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in found["colours"]])
    assert any(np.array_equal(shown[0], colours[plane]) for plane in planes)


def test_a_scan_without_a_reference_has_no_precision(flat: dict[str, Any]) -> None:
    (entry,) = found_in(flat, "new scan")["exceed"]
    assert entry["precision"] is None and sum(entry["shares"]) == pytest.approx(1)


def test_a_scan_without_pixel_size_is_measured_in_pixels_once(tmp_path: Path) -> None:
    made = write_pages(
        tmp_path, truth=phantom((24, 32), 1, 3), channels=["Fe"], pixel_size=[1.0, 1.0], pixel_unit="px", members=1
    )
    page = Page(made["pages"]["map"])
    table = pd.read_csv(tmp_path / "files" / "scan-0.decisions.csv")
    for _, record in table[table["kind"] == "remeasure"].iterrows():
        place = " ".join(f"{record[f'{axis}0_px']} – {record[f'{axis}1_px'] - 1}" for axis in "xy")
        assert place in page.text
    assert "(12.0 px)" not in page.text and " px (" not in page.text.split("Along a line")[1].split("Read whether")[0]
    assert "Area" not in page.text.split("Where does it exceed?")[1]
