"""Images on a page: their colours against the files, labels of boxes, slices of volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import tifffile

from noisebound.figures.images import View
from noisebound.files.predictions import Predictions
from noisebound.report.scan_images import area, read_planes
from tests.unit.report.parsed_page import Page, image_of, shown_images
from tests.unit.report.stand_ins import scan_with


def test_volumes_show_their_slices_in_physical_proportions(deep: dict[str, Any]) -> None:
    page = Page(deep["pages"]["map"])
    store = page.store
    assert len(store["slices"]) == 16
    assert all(len(planes) == 16 for layer in store["images"].values() for planes in layer)
    files = deep["folder"] / "files"
    with Predictions(files / "scan-0.denoised.h5") as denoised:
        median = denoised.read("median")[0][store["slices"]].astype(float)
    low, high = np.quantile(median, (0.002, 0.998))
    expected = np.round(np.clip((median - low) / (high - low), 0, 1) * 255).astype(int)
    expected = mpl.colormaps["gray"](expected, bytes=True)[..., :3]
    shown = np.stack([image_of(uri) for uri in shown_images(page, "median")[0]])
    assert np.array_equal(shown, expected)
    assert "44 × 40 × 24 px" in page.text
    assert "4.00 × 8.00 µm" in page.text
    frames = {a["style"] for a in page.all("div") if a.get("class", "").startswith("frame")}
    assert frames == {"aspect-ratio:1.10000"}
    boxes = [a for a in page.all("span") if a.get("class") == "box"]
    assert all(int(a["data-z0"]) < int(a["data-z1"]) for a in boxes)
    slices, table = store["slices"], pd.read_csv(files / "scan-0.decisions.csv")
    ranks = [a for a in page.all("button") if a.get("aria-label", "").startswith("Rank ")]
    table = table[(table["kind"] == "remeasure") | (table["rank"] <= 12)]
    extents = [(row.z0_px, row.z1_px) for row in table.itertuples() if any(row.z0_px <= z < row.z1_px for z in slices)]
    assert len(ranks) == len(extents) > 3
    for button, (z0, z1) in zip(ranks, extents, strict=True):
        shown_slice = slices[int(button["data-plane"])]
        middle = (z0 + z1 - 1) / 2
        inside = [z for z in slices if z0 <= z < z1]
        assert abs(shown_slice - middle) == min(abs(z - middle) for z in inside)
        assert button["aria-label"].endswith(f"z = {shown_slice}")
    # The one place beside the reference has its middle at z = 3.
    (place,) = [a for a in page.all("button") if a.get("aria-label", "").startswith("Place ")]
    assert place["aria-label"] == f"Place M1: show slice z = {slices[int(place['data-plane'])]}"
    assert abs(slices[int(place["data-plane"])] - 3) <= 1


def test_planes_are_read_at_the_shown_slices_and_pixels(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 200, size=(6, 9, 12)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    shown = read_planes(tmp_path / "labels.tif", View((6, 9, 12), 2, (1, 4)), (6, 9, 12))
    assert np.array_equal(shown, labels[[1, 4], ::2, ::2])
    tifffile.imwrite(tmp_path / "map.tif", labels[0])
    assert np.array_equal(read_planes(tmp_path / "map.tif", View((9, 12), 1, None), (9, 12)), labels[:1])


def test_areas_and_volumes_are_in_powers_of_the_unit_that_reads_best() -> None:
    assert area(2.5e6, scan_with((400, 400), (10.0, 10.0), "nm")) == "2.50 µm²", "of 4 µm across"
    assert area(3e9, scan_with((9, 400, 400), (10.0, 10.0, 10.0), "nm")) == "3.00 µm³"
    assert area(41.0, scan_with((400, 400), (1.0, 1.0), "px")) == "41 px²"
