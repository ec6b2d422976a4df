"""Figures hold hostile text, and stay well formed."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from noisebound.core.texts import hidden_in, visible
from noisebound.figures.style import inline_svg, new_figure, style, to_svg
from tests.unit.core.hostile import hostile


@pytest.mark.filterwarnings("ignore:Glyph")
@settings(deadline=None, max_examples=8)
@given(hostile)
def test_a_figure_is_well_formed_and_holds_the_text(text: str) -> None:
    with style():
        figure, grid = new_figure(2, 1)
        grid[0][0].set_ylabel(text)
        root = ElementTree.fromstring(to_svg(figure))
        found = ["".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")]
        page = inline_svg(figure, text)
    lines = [line for line in visible(text).split("\n") if line.strip()]
    assert all(any(line.split() == one.split() for one in found) for line in lines)
    svg = ElementTree.fromstring(page.replace("xlink:href", "href"))
    assert svg.get("aria-label") == " ".join(visible(text).split("\n")) if "\n" not in text else True
    assert hidden_in(page.replace("\n", "")) == []


def test_a_name_that_is_a_colour_keeps_its_name() -> None:
    with style():
        figure, grid = new_figure(2, 1)
        grid[0][0].set_ylabel("#23272e")
        assert ">#23272e</text>" in inline_svg(figure, "a")
