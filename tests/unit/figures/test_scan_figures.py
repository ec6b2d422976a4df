"""Figures of one scan against the images that they show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from noisebound.figures.images import Limits
from noisebound.figures.scan_figures import Cut, Overview, line_cut, overview, thumbnail


def test_line_cut_draws_band_median_and_reference() -> None:
    values = np.linspace(0, 1, 20, dtype=np.float32)
    cut = Cut(values, values - 0.5, values, values + 0.5, values + 0.1)
    axes = line_cut(cut, pixel_size=2.0, unit="nm", axis="x", value_unit="Fe / counts", percent="90 %").axes[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert math.isclose(band[:, 1].min(), -0.5, abs_tol=1e-6)
    assert math.isclose(band[:, 1].max(), 1.5, abs_tol=1e-6)
    lines = {line.get_label(): line for line in axes.lines}
    assert np.allclose(lines["denoised (median)"].get_xdata(), np.arange(20) * 2.0)
    assert np.allclose(lines["reference"].get_ydata(), values + 0.1)
    without = line_cut(
        Cut(values, values, values, values, None), pixel_size=1, unit="px", axis="y", value_unit="", percent=""
    )
    assert "reference" not in {line.get_label() for line in without.axes[0].lines}


def test_thumbnail_is_noisy_left_and_denoised_right() -> None:
    noisy, median = np.zeros((30, 40), np.float32), np.ones((30, 40), np.float32)
    image = np.asarray(thumbnail(noisy, median, Limits(0, 1), "gray", side=400))
    assert image.shape == (300, 400, 3)
    assert (image[:, :190] == 0).all()
    assert (image[:, 210:] == 255).all()


def overview_of(channels: int, tokens: np.ndarray | None) -> tuple[list[Overview], Figure]:
    random = np.random.default_rng(0)
    rows = [
        Overview(f"c{c}", *random.normal(size=(3, 20, 30)).astype(np.float32), Limits(-1, 2), Limits(0, 3))
        for c in range(channels)
    ]
    return rows, overview(rows, tokens, pixel_size=2.0, unit="nm", value_unit="counts", colormap="gray")


def test_an_overview_shows_every_image_between_its_limits() -> None:
    tokens = np.arange(600).reshape(20, 30) % 5
    rows, figure = overview_of(2, tokens)
    panels = [panel for panel in figure.axes if panel.images]
    shown = [image for row in rows for image in (row.noisy, row.median, row.width)]
    shown.insert(3, tokens)
    places = [panel.get_subplotspec() for panel in panels]
    by_place = {4 * at.rowspan.start + at.colspan.start: panel for at, panel in zip(places, panels, strict=True)}
    assert sorted(by_place) == [0, 1, 2, 3, 4, 5, 6]
    for place, image in zip(sorted(by_place), shown, strict=True):
        (drawn,) = by_place[place].images
        assert np.array_equal(drawn.get_array(), image)
        assert drawn.get_clim() == {0: (-1, 2), 1: (-1, 2), 2: (0, 3)}.get(place % 4, (-0.5, 4.5))
    assert [by_place[place].get_title(loc="left") for place in (0, 4)] == ["c0  noisy", "c1  noisy"]
    assert len(figure.axes) == 12, "with the colour bars of 4 panels, and one that is empty"


def test_an_overview_without_tokens_has_three_columns_and_one_scale_bar() -> None:
    _, figure = overview_of(1, None)
    panels = [panel for panel in figure.axes if panel.images]
    assert len(panels) == 3
    (words,) = panels[0].texts
    length, unit = words.get_text().split()
    assert unit == "nm"
    for line in panels[0].lines:
        assert np.ptp(line.get_xdata()) * 2.0 == pytest.approx(float(length)), "pixels of 2 nm"
    assert not panels[1].lines and not panels[2].lines
