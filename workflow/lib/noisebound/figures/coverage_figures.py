"""Figures of coverage: reliability, and coverage by intensity, token, border and block."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .style import ACCENT, MUTED, legend_below, line_colours, new_figure, style

# Kinds of groups that coverage is measured for, and the label of their axis.
GROUP_WORDS = {
    "intensity": "decile of the denoised value",
    "token": "token",
    "border": "distance to the border / px",
    "block": "coverage of a block",
}

# Columns of the coverage tables that hold results. Any other column names the group of a row.
_RESULTS = {"channel", "nominal", "coverage", "low", "high", "coverage_without_atoms", "mean_width", "n_pixels"}
_RESULTS |= {"n_blocks", "scan", "kind"}


def channels_of(table: pd.DataFrame) -> list[str]:
    """List the channels of a table.

    Parameters
    ----------
    table
        Any table.

    Returns
    -------
    list of str
        Values of the column "channel" in their order, each once; empty where there is no such column.
    """
    return [] if "channel" not in table else list(dict.fromkeys(table["channel"].astype(str)))


def _percent(axes: Axes, which: str = "xy") -> None:
    if "x" in which:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    if "y" in which:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _error_bars(axes: Axes, x: np.ndarray, rows: pd.DataFrame, colour: str, **options: object) -> None:
    value, low, high = (rows[name].to_numpy(dtype=float) for name in ("coverage", "low", "high"))
    bars = np.vstack([np.clip(value - low, 0, None), np.clip(high - value, 0, None)])
    axes.errorbar(x, value, yerr=np.nan_to_num(bars), color=colour, elinewidth=0.9, capsize=0, **options)  # type: ignore[arg-type]


def reliability(coverage: pd.DataFrame) -> Figure:
    """Draw observed against nominal coverage, one line per channel, with 95 % intervals.

    Points of all channels stand exactly at their nominal coverage: moved aside, they would seem to lie farther from the
    dashed line than they do.

    Parameters
    ----------
    coverage
        Columns channel, nominal, coverage, low and high; the last four are shares between 0 and 1.

    Returns
    -------
    Figure
        One panel.
    """
    with style():
        figure, grid = new_figure(4.6, 4.3)
        axes = grid[0][0]
        names = channels_of(coverage)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1, label="_ideal")
        least = 1.0
        for name, colour in zip(names, line_colours(len(names)), strict=True):
            rows = coverage[coverage["channel"].astype(str) == name].sort_values("nominal")
            x = rows["nominal"].to_numpy(dtype=float)
            least = min([least, *x, *rows["low"].fillna(1.0)])
            _error_bars(axes, x, rows, colour, marker="o", markersize=4, linewidth=1.1, label=name)
        start = max(0.0, least - 0.05)
        axes.set(xlim=(start, 1.0), ylim=(start, 1.0))
        axes.set_aspect("equal")
        axes.set_xlabel("nominal coverage")
        axes.set_ylabel("observed coverage on the test region")
        _percent(axes)
        legend_below(figure, axes, names)
    return figure


def reliability_gap(coverage: pd.DataFrame) -> Figure:
    """Draw observed minus nominal coverage in percentage points.

    Parameters
    ----------
    coverage
        As for :func:`reliability`.

    Returns
    -------
    Figure
        One panel; points of different channels stand side by side.
    """
    with style():
        figure, grid = new_figure(4.6, 4.3)
        axes = grid[0][0]
        names = channels_of(coverage)
        axes.axhline(0, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        places = {value: i for i, value in enumerate(sorted(coverage["nominal"].astype(float).unique()))}
        offsets = (np.arange(len(names)) - (len(names) - 1) / 2) * min(0.12, 0.7 / max(1, len(names)))
        for name, colour, offset in zip(names, line_colours(len(names)), offsets, strict=True):
            rows = coverage[coverage["channel"].astype(str) == name].sort_values("nominal")
            nominal = rows["nominal"].to_numpy(dtype=float)
            shifted = rows.assign(**{key: 100 * (rows[key] - nominal) for key in ("coverage", "low", "high")})
            x = np.array([places[value] for value in nominal]) + offset
            _error_bars(axes, x, shifted, colour, marker="o", markersize=4, linestyle="none", label=name)
        axes.set_xticks(list(places.values()), [f"{100 * value:.6g}%" for value in places])
        axes.grid(False, axis="x")
        axes.set_xlabel("nominal coverage")
        axes.set_ylabel("observed minus nominal / percentage points")
        reach = max(3.0, float(np.abs(axes.get_ylim()).max()))
        axes.set_ylim(-reach, reach)
        legend_below(figure, axes, names)
    return figure


def group_column(table: pd.DataFrame) -> str | None:
    """Find the column that names the groups in a table of conditional coverage.

    Parameters
    ----------
    table
        Coverage by group.

    Returns
    -------
    str or None
        The first column that holds no result; ``None`` where there is none.
    """
    return next((name for name in table.columns if name not in _RESULTS), None)


def _group_label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _draw_conditional(axes: Axes, rows: pd.DataFrame, group: str, nominal: float) -> None:
    """Observed coverage of one channel in each group as points with intervals, and the nominal coverage as a line."""
    x = np.arange(len(rows))
    axes.axhline(nominal, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    _error_bars(axes, x, rows, ACCENT, marker="o", markersize=3.5, linestyle="none")
    labels = [_group_label(value) for value in rows[group]]
    step = -(-len(labels) // 6)
    axes.set_xticks(x[::step], labels[::step])
    axes.set_xlim(-0.6, max(len(rows) - 0.4, 0.6))
    shown = rows[["coverage", "low"]].to_numpy(dtype=float)
    finite = shown[np.isfinite(shown)]
    axes.set_ylim(max(0.0, min(nominal - 0.15, float(finite.min(initial=1.0)) - 0.03)), 1.005)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    _percent(axes, "y")


def _draw_blocks(axes: Axes, rows: pd.DataFrame, nominal: float) -> None:
    """Histogram of the coverage of the blocks of one channel, with the nominal coverage as a line."""
    values = rows["coverage"].to_numpy(dtype=float)
    lowest = max(0.0, min(float(values.min()), nominal - 0.15))
    # Bins are counted down from 1, the largest possible coverage.
    step = max(0.01, round((1 - lowest) / 20, 2))
    edges = 1 - step * np.arange(np.ceil((1 - lowest) / step - 1e-9) + 1)[::-1]
    axes.hist(np.clip(values, edges[0], 1.0), bins=edges.tolist(), color=ACCENT, alpha=0.75, linewidth=0)
    axes.axvline(nominal, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_xlim(edges[0] - step / 2, 1 + step / 2)
    axes.set_ylabel("blocks")
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10], integer=True))
    axes.grid(False, axis="x")
    _percent(axes, "x")


def _at_nominal(table: pd.DataFrame, channel: str, nominal: float) -> pd.DataFrame:
    rows = table[table["channel"].astype(str) == channel]
    return rows[np.isclose(rows["nominal"].astype(float), nominal)] if "nominal" in rows else rows


def _draw_groups(axes: Axes, rows: pd.DataFrame, kind: str, group: str, nominal: float) -> None:
    if kind == "block":
        _draw_blocks(axes, rows, nominal)
    else:
        _draw_conditional(axes, rows, group, nominal)


def conditional_panel(table: pd.DataFrame, channel: str, kind: str, nominal: float) -> Figure | None:
    """Draw the coverage of one channel by group, as one small panel.

    The panel of blocks is a histogram, because there are too many to draw side by side.

    Parameters
    ----------
    table
        Coverage by group: channel, nominal, coverage, low, high, and a column that names the group. Blocks have no low
        and high.
    channel, nominal
        Channel and nominal coverage of the rows to draw.
    kind
        Kind of the groups, a key of ``GROUP_WORDS``.

    Returns
    -------
    Figure or None
        ``None`` where the table has no such rows.
    """
    group = group_column(table)
    rows = _at_nominal(table, channel, nominal) if len(table) and group else table.head(0)
    if rows.empty or group is None:
        return None
    with style():
        figure, grid = new_figure(2.7, 1.75)
        _draw_groups(grid[0][0], rows, kind, group, nominal)
        grid[0][0].set_xlabel(GROUP_WORDS.get(kind, kind))
    return figure


def conditional_coverage(tables: Mapping[str, pd.DataFrame], nominal: float) -> Figure:
    """Draw coverage by group for all channels: a row of panels per channel, a column per kind of group.

    Parameters
    ----------
    tables
        Tables as for :func:`conditional_panel`, by kind of group.
    nominal
        Nominal coverage of the rows to draw.

    Returns
    -------
    Figure
        Where no table has rows, one panel that says so.
    """
    kinds = [kind for kind, table in tables.items() if len(table) and group_column(table)]
    names = list(dict.fromkeys(name for kind in kinds for name in channels_of(tables[kind])))
    with style():
        figure, grid = new_figure(
            2.9 * max(1, len(kinds)), 1.7 * max(1, len(names)), max(1, len(names)), max(1, len(kinds))
        )
        if not names:
            _draw_words(grid[0][0], "no test region with a reference")
        for i, name in enumerate(names):
            for j, kind in enumerate(kinds):
                group = group_column(tables[kind])
                rows = _at_nominal(tables[kind], name, nominal)
                if rows.empty or group is None:
                    _draw_words(grid[i][j], "no pixels")
                    continue
                _draw_groups(grid[i][j], rows, kind, group, nominal)
                if j == 0:
                    grid[i][j].set_ylabel(name)
                if i == len(names) - 1:
                    grid[i][j].set_xlabel(GROUP_WORDS.get(kind, kind))
    return figure


def _draw_words(axes: Axes, words: str) -> None:
    axes.axis("off")
    axes.text(0.5, 0.5, words, ha="center", va="center", color=MUTED, transform=axes.transAxes)
