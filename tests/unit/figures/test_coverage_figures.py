"""Figures of coverage against the tables that they show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from noisebound.figures import coverage_figures
from tests.unit.figures.tables import coverage_table, error_bars


def test_reliability_shows_the_table() -> None:
    table = coverage_table()
    axes = coverage_figures.reliability(table).axes[0]
    bars = error_bars(axes)
    assert [bar.get_label() for bar in bars] == ["Mg", "Fe"]
    for bar, name in zip(bars, ("Mg", "Fe"), strict=True):
        rows = table[table.channel == name]
        assert np.allclose(bar.lines[0].get_ydata(), rows.coverage)
        assert np.array_equal(bar.lines[0].get_xdata(), rows.nominal)
        segments = np.array(bar.lines[2][0].get_segments())
        assert np.allclose(segments[:, 0, 1], rows.low)
        assert np.allclose(segments[:, 1, 1], rows.high)
    assert axes.get_xlim() == axes.get_ylim()


def test_the_gap_is_the_difference_in_percentage_points() -> None:
    table = coverage_table()
    bars = error_bars(coverage_figures.reliability_gap(table).axes[0])
    assert np.allclose(bars[0].lines[0].get_ydata(), [1.0, 1.0])
    assert np.allclose(bars[1].lines[0].get_ydata(), [-2.0, -2.0])
    assert np.allclose(np.array(bars[0].lines[2][0].get_segments())[:, 0, 1], -3.0)


def test_conditional_coverage_uses_only_the_nominal_value_and_the_channel_asked_for() -> None:
    rows = [
        {"channel": c, "nominal": n, "decile": d, "coverage": n - 0.01 * d - k, "low": 0.1, "high": 1.0}
        for k, c in enumerate(("a", "b"))
        for n in (0.5, 0.9)
        for d in (1, 2, 3)
    ]
    figure = coverage_figures.conditional_panel(pd.DataFrame(rows), "a", "intensity", 0.9)
    assert figure is not None
    (bar,) = error_bars(figure.axes[0])
    assert np.allclose(bar.lines[0].get_ydata(), [0.89, 0.88, 0.87])
    assert coverage_figures.conditional_panel(pd.DataFrame(rows), "c", "intensity", 0.9) is None
    assert coverage_figures.conditional_panel(pd.DataFrame(), "a", "intensity", 0.9) is None


def test_blocks_are_counted_by_their_coverage() -> None:
    values = [1.0, 0.995, 0.9, 0.9, 0.42, 0.7]
    rows = [
        {
            "channel": c,
            "nominal": 0.9,
            "scan": "s",
            "y": 16 * i,
            "x": 0,
            "coverage": v - k,
            "mean_width": 1,
            "n_pixels": 9,
        }
        for k, c in enumerate(("a", "b"))
        for i, v in enumerate(values)
    ]
    figure = coverage_figures.conditional_panel(pd.DataFrame(rows), "a", "block", 0.9)
    assert figure is not None
    bars = [bar for bar in figure.axes[0].patches if bar.get_height()]
    for bar in bars:
        inside = [v for v in values if bar.get_x() - 1e-9 <= v <= bar.get_x() + bar.get_width() + 1e-9]
        assert bar.get_height() == len(inside)
    assert sum(bar.get_height() for bar in bars) == len(values)
    assert bars[0].get_x() <= 0.42 and bars[-1].get_x() + bars[-1].get_width() == pytest.approx(1)


def test_small_multiples_have_a_row_per_channel_and_a_column_per_kind_that_has_rows() -> None:
    def table(kind: str, channels: str) -> pd.DataFrame:
        rows = [
            {"channel": c, "nominal": 0.9, kind: g, "coverage": 0.9 - 0.1 * g, "low": 0.1, "high": 1.0}
            for c in channels
            for g in range(2)
        ]
        return pd.DataFrame(rows, columns=["channel", "nominal", kind, "coverage", "low", "high"])

    tables = {"token": table("token", "ab"), "border": table("border", ""), "intensity": table("decile", "b")}
    axes = coverage_figures.conditional_coverage(tables, 0.9).axes
    assert len(axes) == 4, "the table by border has no rows"
    assert [panel.get_ylabel() for panel in axes] == ["a", "", "b", ""]
    assert [panel.get_xlabel() for panel in axes] == ["", "", "token", "decile of the denoised value"]
    assert [text.get_text() for text in axes[1].texts] == ["no pixels"]
    for panel in (axes[0], axes[2], axes[3]):
        (bar,) = error_bars(panel)
        assert np.allclose(bar.lines[0].get_ydata(), [0.9, 0.8])


def test_without_a_test_region_the_figure_says_so() -> None:
    (panel,) = coverage_figures.conditional_coverage({}, 0.9).axes
    assert [text.get_text() for text in panel.texts] == ["no test region with a reference"]


@pytest.mark.parametrize(
    ("columns", "group"),
    [(["channel", "nominal", "decile", "coverage"], "decile"), (["channel", "nominal", "coverage", "n_pixels"], None)],
)
def test_the_group_is_the_column_that_holds_no_result(columns: list[str], group: str | None) -> None:
    assert coverage_figures.group_column(pd.DataFrame(columns=columns)) == group
