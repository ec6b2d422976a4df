"""Figures of the networks against the tables that they show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from noisebound.figures import training_figures


def test_training_marks_the_weights_that_were_kept() -> None:
    table = pd.DataFrame(
        {"step": [0, 100, 200], "train_loss": [1, 0.5, 0.4], "select_loss": [np.nan, 0.5, 0.6], "best": [0, 1, 0]}
    )
    axes = training_figures.training({"member 0": table}).axes[0]
    rings = [line for line in axes.lines if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in rings] == [(100, 0.5)]
    assert list(axes.lines[1].get_xdata()) == [100, 200]


def test_training_without_a_select_region_speaks_of_none() -> None:
    table = pd.DataFrame({"step": [0, 100], "train_loss": [1, 0.5], "select_loss": np.nan, "best": 0})
    axes = training_figures.training({"member 0": table, "member 1": table}).axes[0]
    assert axes.get_title(loc="left") == "training patches"
    assert all(line.get_alpha() in (None, 1.0) for line in axes.lines)


def test_bars_of_stability_stand_around_the_label_of_their_row() -> None:
    table = pd.DataFrame(
        {
            "comparison": ["seeds", "latents against baseline", "reference variance explained (share)"],
            "latents": [0.9, 0.4, 0.3],
            "baseline": [0.8, np.nan, 0.2],
            "null": [0.1, np.nan, np.nan],
        }
    )
    axes = training_figures.stability(table).axes[0]
    labels = dict(zip(axes.get_yticks(), (text.get_text() for text in axes.get_yticklabels()), strict=True))
    bars = [patch for patch in axes.patches if np.isfinite(patch.get_width())]
    assert sorted(bar.get_width() for bar in bars) == [0.1, 0.4, 0.8, 0.9]
    for place, label in labels.items():
        own = [bar for bar in bars if abs(bar.get_y() + bar.get_height() / 2 - place) < 0.5]
        middle = np.mean([bar.get_y() + bar.get_height() / 2 for bar in own])
        assert middle == pytest.approx(place), label
        assert len(own) == (3 if label == "seeds" else 1)
    assert axes.get_ylim()[0] < min(labels)


def test_ensemble_size_shows_the_change_from_one_member() -> None:
    table = pd.DataFrame(
        {"channel": "Fe", "members": [1, 2, 3], "correlation": [0.9, 0.95, 0.96], "rmse": [4.0, 3.0, 2.0]}
    )
    left, right = training_figures.ensemble_size(table).axes
    assert np.allclose(left.lines[0].get_ydata(), [0.0, 0.05, 0.06])
    assert np.allclose(right.lines[0].get_ydata(), [1.0, 0.75, 0.5])
    small = table.assign(correlation=[0.9, 0.90002, 0.90007])
    axes = training_figures.ensemble_size(small).axes[0]
    axes.figure.canvas.draw()
    assert axes.yaxis.get_offset_text().get_text() == ""
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert np.allclose([float(text.replace("−", "-")) for text in labels], axes.get_yticks())
