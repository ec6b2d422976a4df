"""Line cuts: they go where structure is, and say where that is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from noisebound.files.predictions import Predictions
from noisebound.files.scan import Scan
from noisebound.report.line_cuts import cut_places, cuts
from noisebound.report.scan_images import ScanImages


def test_cuts_go_through_the_only_structure() -> None:
    median = np.zeros((1, 2, 32, 48), np.float32)
    median[0, 0, 10, 5:40:2] = 1  # changes along x most in row 10
    median[0, 1, 6:28:2, 33] = 1  # along y most in column 33
    median[0, :, 0, ::2], median[0, :, ::2, 0] = 9, 9  # the border is no place for a cut
    images = SimpleNamespace(layers={"median": median}, first_plane=0)
    assert cut_places(images) == (10, 33)  # type: ignore[arg-type]


@pytest.mark.parametrize("which", ["flat", "deep"])
def test_a_page_says_where_its_cuts_lie(which: str, request: pytest.FixtureRequest) -> None:
    made = request.getfixturevalue(which)
    files = made["scans"]["map"]
    with Scan(files.scan) as scan, Predictions(files.denoised) as denoised:
        images = ScanImages(scan, denoised)
        row, column = cut_places(images)
        found: dict[str, Any] = cuts(images, "counts", 0.9)
        height, width = images.layers["median"].shape[-2:]
    assert found["row"] == pytest.approx(100 * (row + 0.5) / height)
    assert found["column"] == pytest.approx(100 * (column + 0.5) / width)
    assert f"along x at row y = {row} px" in found["where"] and f"along y at column x = {column} px" in found["where"]
    assert ("in slice z" in found["where"]) == (which == "deep")
    assert len(found["figures"]) == (2 if which == "flat" else 1)
    drawn = [str(figure[axis]) for figure in found["figures"] for axis in "xy"]
    labels = [text.partition('aria-label="')[2].partition('"')[0] for text in drawn]
    assert all("with its 90\u202f% interval" in label for label in labels)
    assert len(set(labels)) == len(labels), "identifiers of the figures in a page depend on their labels"
    assert all(label.endswith("and the reference") for label in labels)
