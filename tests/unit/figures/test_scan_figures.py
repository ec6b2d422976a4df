"""Figures of one scan against the images that they show."""

from __future__ import annotations

import math

import numpy as np

from noisebound.figures.images import Limits
from noisebound.figures.scan_figures import Cut, line_cut, thumbnail


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
