"""Pictures, colours and proportions of the images on a page."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.report.image_store import geometry
from noisebound.report.scan_images import display_gain
from tests.unit.report.parsed_page import Page, image_of, shown_images
from tests.unit.report.stand_ins import scan_with


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


def test_noisy_frames_of_another_scale_are_brought_to_that_of_the_reference() -> None:
    median = np.full((1, 3, 4, 4), 12.0, np.float32)
    noisy = np.stack([np.full((4, 4), v, np.float32) for v in (1.0, 10.0, -1.0)])[None]
    assert display_gain(noisy, median) == [12.0, 1.0, 1.0]


def test_a_plane_has_the_proportions_of_what_was_measured() -> None:
    found = geometry(scan_with((40, 30), (2.0, 4.0), "nm", step=3))
    assert found["ratio"] == pytest.approx((30 * 4.0) / (40 * 2.0))
    assert (found["pixels_across"], found["step"]) == (10, 3)
    assert found["pixels"] == "30 × 40 px" and found["extent"] == "120 nm × 80.0 nm"
    assert found["pixel"] == "2.00 × 4.00 nm"
    length = float(found["bar"]["label"].removesuffix(" nm"))
    assert found["bar"]["percent"] == pytest.approx(100 * length / 120)
    assert geometry(scan_with((40, 30), (1.0, 1.0), "px"))["pixel"] == "not known"
