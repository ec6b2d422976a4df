"""What the page of a scan shows: regions, tokens, line cuts, parts of the uncertainty."""

from __future__ import annotations

from typing import Any

import numpy as np
import tifffile

from noisebound.regions.regions import Regions
from tests.unit.report.parsed_page import Page, image_of, shown_images


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


def test_tokens_have_their_colours_in_map_and_legend(deep: dict[str, Any]) -> None:
    page = Page(deep["pages"]["map"])
    labels = tifffile.imread(deep["folder"] / "files" / "scan-0.tokens.tif")
    buttons = [a for a in page.all("button") if "data-token" in a]
    assert len(buttons) == 11
    colours = np.array([[int(a["data-token"][k : k + 2], 16) for k in (1, 3, 5)] for a in buttons])
    planes = shown_images(page, "tokens")[0]
    for z, uri in zip(page.store["slices"], planes, strict=True):
        assert np.array_equal(image_of(uri), colours[labels[z]])
