"""Pictures that a page holds: their alternative texts, and images that come back from their bytes."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import Image

from noisebound.figures.style import new_figure, style
from noisebound.report.pictures import picture, picture_bytes, png_file_uri
from tests.unit.report.parsed_page import image_of


def test_a_figure_is_markup_with_its_label_escaped_and_no_figure_is_none() -> None:
    with style():
        figure, _ = new_figure(2, 1)
    drawn = picture(figure, 'a "b" <i>', least=0.5)
    assert isinstance(drawn, Markup) and drawn.startswith("<svg") and drawn.endswith("</svg>")
    assert 'aria-label="a &quot;b&quot; &lt;i&gt;"' in drawn
    assert "max-width:192px;min-width:96px" in drawn, "2 inches at 96 px, and half of that"
    assert picture(None, "a") is None


def test_few_colours_come_back_as_they_were() -> None:
    random = np.random.default_rng(0)
    palette = random.integers(0, 256, size=(200, 3), dtype=np.uint8)
    pixels = palette[random.integers(0, 200, size=(40, 50))]
    with Image.open(io.BytesIO(picture_bytes(Image.fromarray(pixels)))) as stored:
        assert stored.format == "PNG" and stored.mode == "P"
        assert np.array_equal(np.asarray(stored.convert("RGB")), pixels)


def test_many_colours_become_no_more_than_256() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, size=(60, 60, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(picture_bytes(Image.fromarray(pixels)))) as stored:
        shown = np.asarray(stored.convert("RGB"))
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) <= 256
    assert np.abs(shown.astype(int) - pixels).mean() < 25


def test_a_file_comes_back_from_its_uri(tmp_path: Path) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, size=(5, 7, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    uri = png_file_uri(tmp_path / "a.png")
    assert uri.startswith("data:image/png;base64,")
    assert np.array_equal(image_of(uri), pixels)
