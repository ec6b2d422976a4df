"""What a page says about decisions, against the files they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import tifffile

from noisebound.files.scan import Scan
from noisebound.regions.regions import Regions
from tests.unit.example_run import phantom, write_pages
from tests.unit.report.parsed_page import Page


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
