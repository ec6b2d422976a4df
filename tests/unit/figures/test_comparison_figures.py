"""Figures of a comparison against the curves and images that they show."""

from __future__ import annotations

import numpy as np
import pytest

from noisebound.figures.comparison_figures import TITLES, best_row, example_cuts, example_images, size_curves
from noisebound.figures.published import MEMBERS as PUBLISHED_MEMBERS
from noisebound.figures.published import NAMES, PUBLISHED
from tests.unit.figures.comparison import FAMILIES, MEMBERS, curves, example, mean_of


def test_curves_show_the_means_their_bands_and_what_was_published() -> None:
    axes = size_curves(curves(), 0.9).axes
    assert [panel.get_title(loc="left") for panel in axes] == list(TITLES.values())
    for panel, measure in zip(axes, TITLES, strict=True):
        lines = {str(line.get_label()): line for line in panel.lines}
        bands = [path.vertices for collection in panel.collections for path in collection.get_paths()]
        for family, outer, inner in zip(FAMILIES, bands[::2], bands[1::2], strict=True):
            means = [mean_of(family, measure, members) for members in MEMBERS]
            drawn = lines[NAMES[family]]
            assert list(drawn.get_xdata()) == list(MEMBERS) and np.allclose(drawn.get_ydata(), means)
            for band, half in ((outer, 0.004), (inner, 0.002)):
                assert np.isclose(band[:, 1].min(), min(means) - half) and np.isclose(
                    band[:, 1].max(), max(means) + half
                )
            if measure != "coverage_of_truth":
                published = lines[f"{NAMES[family]}, published"]
                assert list(published.get_xdata()) == [1, PUBLISHED_MEMBERS]
                assert tuple(published.get_ydata()) == PUBLISHED[family][measure]
    low, high = axes[-1].get_ylim()
    assert low < 0.9 < high, "the nominal coverage is in sight"
    assert any(list(line.get_ydata()) == [0.9, 0.9] for line in axes[-1].lines)


def test_images_say_how_far_each_is_from_the_truth() -> None:
    images = example()
    axes = example_images(images, 3, 0.9).axes
    panels = {panel.get_title(loc="left"): panel for panel in axes if panel.get_title(loc="left")}
    keys = {
        "noisy": "noisy",
        "truth": "truth",
        **{name: f"{family}/median" for family, name in NAMES.items()},
        **{name: f"filter/{name}" for name in ("Gaussian filter", "non-local means")},
    }
    assert set(panels) == {*keys, "width of the 90\u2009% interval"}
    limits = {panels[name].images[0].get_clim() for name in keys}
    assert len(limits) == 1, "all share one scale"
    for name, key in keys.items():
        assert np.array_equal(panels[name].images[0].get_array(), images[key])
        r = np.corrcoef(images[key].ravel(), images["truth"].ravel())[0, 1]
        assert panels[name].get_title(loc="right") == ("" if name == "truth" else f"r = {r:.3f}")
        assert list(panels[name].lines[0].get_ydata()) == [3, 3]
    assert np.allclose(panels["width of the 90\u2009% interval"].images[0].get_array(), 1.0)


def test_cuts_show_one_row_with_the_truth_in_every_panel() -> None:
    images = example()
    axes = example_cuts(images, 5, 0.8).axes
    assert [panel.get_title(loc="left") for panel in axes] == [*NAMES.values(), "filters"]
    low, high = axes[0].get_ylim()
    for panel in axes:
        lines = {str(line.get_label()): line.get_ydata() for line in panel.lines}
        assert np.array_equal(lines["truth"], images["truth"][5])
        assert low < lines["noisy"].min() and lines["noisy"].max() < high
        inside = (images["noisy"][5] > low + 0.1) & (images["noisy"][5] < high - 0.1)
        assert np.allclose(lines["noisy"][inside], images["noisy"][5][inside])
    for panel, family in zip(axes, FAMILIES, strict=False):
        (band,) = panel.collections
        assert band.get_label() == "80\u2009% interval"
        assert band.get_paths()[0].vertices[:, 1].min() == pytest.approx(images[f"{family}/lower"][5].min())
    assert {"Gaussian filter", "non-local means"} < {str(line.get_label()) for line in axes[2].lines}


def test_the_best_row_is_that_in_which_the_truth_varies_most() -> None:
    truth = np.zeros((6, 8), np.float32)
    truth[2, ::2], truth[4] = 1.0, 100.0
    assert best_row(truth) == 2
