"""Images on a page: their colours against the files, labels of boxes, slices of volumes."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import tifffile

from noisebound.core.length_units import reading_unit
from noisebound.figures.images import View
from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.report.scan_images import area, box_over, display_gain, geometry, place_labels, read_planes
from tests.unit.report.parsed_page import Page, image_of, shown_images


def test_noisy_and_denoised_share_colours_that_stand_for_the_values_in_the_files(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    files = flat["folder"] / "files"
    with Scan(files / "scan-0.scan.h5") as scan, Predictions(files / "scan-0.denoised.h5") as denoised:
        noisy, target, median = scan.read_frame(0), scan.read_target(0), denoised.read("median")
        lower, upper = denoised.read("lower"), denoised.read("upper")
        spread = denoised.read("spread")
    for c in range(2):
        low, high = 0.0, np.quantile(median[c].astype(float), 0.998)
        for layer, values in {
            "noisy": noisy, "median": median, "reference": target, "lower": lower, "upper": upper,
        }.items():  # fmt: skip
            expected = np.clip((values[c].astype(float) - low) / (high - low), 0, 1)
            colours = mpl.colormaps["viridis"](np.round(expected * 255).astype(int), bytes=True)[..., :3]
            assert np.array_equal(image_of(shown_images(page, layer)[c][0]), colours), layer
        for layer, values in {"width": upper - lower, "spread": spread}.items():
            low_, high_ = np.quantile(values[c].astype(float), (0.002, 0.998))
            expected = np.clip((values[c].astype(float) - low_) / (high_ - low_), 0, 1)
            colours = mpl.colormaps["cividis"](np.round(expected * 255).astype(int), bytes=True)[..., :3]
            assert np.array_equal(image_of(shown_images(page, layer)[c][0]), colours), layer
    bar = next(a for a in page.all("div") if a.get("aria-label", "").startswith("Colour bar of Mg: 0 to"))
    limit = np.quantile(median[0].astype(float), 0.998)
    assert math.isclose(float(bar["aria-label"].split(" to ")[1].split()[0]), limit, rel_tol=5e-3)


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
    ranks = [a for a in page.all("button") if "data-plane" in a]
    table = table[(table["kind"] == "remeasure") | (table["rank"] <= 12)]
    extents = [(row.z0_px, row.z1_px) for row in table.itertuples() if any(row.z0_px <= z < row.z1_px for z in slices)]
    assert len(ranks) == len(extents) > 3
    for button, (z0, z1) in zip(ranks, extents, strict=True):
        shown_slice = slices[int(button["data-plane"])]
        middle = (z0 + z1 - 1) / 2
        inside = [z for z in slices if z0 <= z < z1]
        assert abs(shown_slice - middle) == min(abs(z - middle) for z in inside)
        assert button["aria-label"].endswith(f"z = {shown_slice}")


def test_labels_of_small_boxes_hide_neither_their_box_nor_another() -> None:
    def box(x: int, y: int, side: int) -> dict[str, Any]:
        return box_over([(y, y + side), (x, x + side)], (200, 400), "1")

    boxes = [box(100, 50, 10), box(114, 50, 10), box(388, 188, 10), box(0, 0, 12), box(200, 100, 90)]
    place_labels(boxes, 2.0)
    assert [one["beside"] for one in boxes] == ["left", "right", "left", "right", None]
    crowded = [box(14, 0, 10), box(2, 0, 10)]
    place_labels(crowded, 2.0)
    assert [one["beside"] for one in crowded] == ["right", "below"]


def test_noisy_frames_of_another_scale_are_brought_to_that_of_the_reference() -> None:
    median = np.full((1, 3, 4, 4), 12.0, np.float32)
    noisy = np.stack([np.full((4, 4), v, np.float32) for v in (1.0, 10.0, -1.0)])[None]
    assert display_gain(noisy, median) == [12.0, 1.0, 1.0]


def test_planes_are_read_at_the_shown_slices_and_pixels(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 200, size=(6, 9, 12)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    shown = read_planes(tmp_path / "labels.tif", View((6, 9, 12), 2, (1, 4)), (6, 9, 12))
    assert np.array_equal(shown, labels[[1, 4], ::2, ::2])
    tifffile.imwrite(tmp_path / "map.tif", labels[0])
    assert np.array_equal(read_planes(tmp_path / "map.tif", View((9, 12), 1, None), (9, 12)), labels[:1])


def scan_with(shape: tuple[int, ...], pixel_size: tuple[float, ...], unit: str, step: int = 1) -> Any:
    scan = SimpleNamespace(shape=shape, pixel_size=pixel_size, pixel_unit=unit)
    extent = max(n * size for n, size in zip(shape[-2:], pixel_size[-2:], strict=True))
    return SimpleNamespace(scan=scan, view=View(shape, step, None), lengths=reading_unit(extent, unit))


def test_a_plane_has_the_proportions_of_what_was_measured() -> None:
    found = geometry(scan_with((40, 30), (2.0, 4.0), "nm", step=3))
    assert found["ratio"] == pytest.approx((30 * 4.0) / (40 * 2.0))
    assert (found["pixels_across"], found["step"]) == (10, 3)
    assert found["pixels"] == "30 × 40 px" and found["extent"] == "120 nm × 80.0 nm"
    assert found["pixel"] == "2.00 × 4.00 nm"
    length = float(found["bar"]["label"].removesuffix(" nm"))
    assert found["bar"]["percent"] == pytest.approx(100 * length / 120)
    assert geometry(scan_with((40, 30), (1.0, 1.0), "px"))["pixel"] == "not known"


def test_areas_and_volumes_are_in_powers_of_the_unit_that_reads_best() -> None:
    assert area(2.5e6, scan_with((400, 400), (10.0, 10.0), "nm")) == "2.50 µm²", "of 4 µm across"
    assert area(3e9, scan_with((9, 400, 400), (10.0, 10.0, 10.0), "nm")) == "3.00 µm³"
    assert area(41.0, scan_with((400, 400), (1.0, 1.0), "px")) == "41 px²"


def test_a_box_lies_where_its_bounds_are() -> None:
    box = box_over([(2, 5), (10, 20), (8, 40)], (6, 40, 80), "1", "#123456")
    assert [box[key] for key in ("left", "top", "width", "height")] == [10.0, 25.0, 40.0, 25.0]
    assert (box["z"], box["label"], box["colour"], box["beside"]) == ([2, 5], "1", "#123456", None)
    assert box_over([(10, 20), (8, 40)], (40, 80), "1")["z"] is None
