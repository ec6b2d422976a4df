"""What a page says of the regions of its scan."""

from __future__ import annotations

from typing import Any

import pytest

from noisebound.geometry.boxes import Box
from noisebound.regions.regions import Regions
from noisebound.report.region_content import frames_judged, unassigned
from tests.unit.report.parsed_page import Page


def test_boxes_lie_where_the_files_put_them(flat: dict[str, Any]) -> None:
    page = Page(flat["pages"]["map"])
    height, width = 40, 56
    regions = Regions.read(flat["folder"] / "files" / "scan-0.regions.json")
    drawn = [a["style"] for a in page.all("span") if a.get("class") == "box role"]
    expected = [
        f"left:{100 * b.lower[1] / width:.3f}%;top:{100 * b.lower[0] / height:.3f}%;"
        f"width:{100 * b.shape[1] / width:.3f}%;height:{100 * b.shape[0] / height:.3f}%"
        for b in regions.boxes
    ]
    assert [style.rsplit(";", 1)[0] for style in drawn] == expected
    assert len([a for a in page.all("span") if a.get("class") == "box"]) == 3
    (scale,) = {a["style"] for a in page.all("span") if a.get("class") == "scale"}
    assert scale == f"width:{100 * 20 / (56 * 1.717):.3f}%"
    assert "20 nm" in page.text


def test_pixels_outside_of_all_regions_are_noticed() -> None:
    halves = (Box("train", (0, 0), (4, 6)), Box("test", (4, 0), (8, 6)))
    assert not unassigned(Regions("s", (8, 6), (0, 0), "", halves))
    assert unassigned(Regions("s", (8, 7), (0, 0), "", halves))


@pytest.mark.parametrize(("pixels", "frames"), [(24, 1), (72, 3), (25, None), (12, None), (0, None), (None, None)])
def test_frames_are_counted_where_the_pixels_fit_the_region(pixels: int | None, frames: int | None) -> None:
    regions = Regions("s", (8, 6), (0, 0), "", (Box("train", (0, 0), (4, 6)), Box("test", (4, 0), (8, 6))))
    assert frames_judged(regions, pixels) == frames
    assert frames_judged(Regions("s", (8, 6), (0, 0), "", regions.boxes[:1]), pixels) is None
