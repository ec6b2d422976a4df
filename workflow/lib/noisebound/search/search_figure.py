"""The figure of a hyperparameter search: the loss of all trials against what they cost."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from ..figures.style import ACCENT, MUTED, new_figure, style


def search_figure(table: pd.DataFrame, words: str = "") -> Figure:
    """Draw loss against depth, parameters and training time: one point with its standard error per ranked trial.

    The winner is marked. Axes are logarithmic where values differ by more than a factor of five; that of the depth is
    not.

    Parameters
    ----------
    table
        What ``ranking.rank`` returned.
    words
        Text above the panels.

    Returns
    -------
    Figure
        Three panels.
    """
    panels = {"depth": "depth", "parameters": "trained parameters", "seconds": "time of training / s"}
    ranked = table[table["rank"].notna()]
    with style():
        figure, grid = new_figure(9.0, 3.4, 1, 3)
        for axes, (column, label) in zip(grid[0], panels.items(), strict=True):
            _draw_points(axes, ranked, column)
            _scale_axes(axes, ranked, column)
            axes.margins(0.08)
            axes.set_xlabel(label)
        grid[0][0].set_ylabel("loss on the select regions")
        if words:
            figure.suptitle(textwrap.fill(words, 120), x=0.01, ha="left", fontsize=9)
    return figure


def _draw_points(axes: Axes, ranked: pd.DataFrame, column: str) -> None:
    """Draw loss against one column; the winner is larger and in the accent colour."""
    for best, colour, size in ((False, MUTED, 5), (True, ACCENT, 8)):
        rows = ranked[(ranked["rank"] == 1) == best]
        bars = np.nan_to_num(rows["error"].to_numpy(dtype=float))
        axes.errorbar(
            rows[column],
            rows["loss"],
            yerr=bars if bars.any() else None,
            fmt="o",
            color=colour,
            markersize=size,
            elinewidth=0.9,
            alpha=1.0 if best else 0.75,
            markeredgewidth=0,
        )


def _scale_axes(axes: Axes, ranked: pd.DataFrame, column: str) -> None:
    """Set integer ticks for the depth, and logarithmic axes where values differ much."""
    if column == "depth":
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    elif _spans(ranked[column]):
        axes.set_xscale("log")
        _ticks(axes.xaxis, EngFormatter(sep="") if column == "parameters" else StrMethodFormatter("{x:g}"))
    if _spans(ranked["loss"]):
        axes.set_yscale("log")
        _ticks(axes.yaxis, StrMethodFormatter("{x:g}"))


def _spans(values: pd.Series) -> bool:
    """Whether values are positive and differ by more than a factor of five."""
    known = values[np.isfinite(values)]
    return len(known) > 0 and known.max() > 5 * known.min() > 0


def _ticks(axis: Axis, shown: Formatter) -> None:
    """Set ticks of a logarithmic axis at 1, 2 and 5 times powers of ten."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(shown)
    axis.set_minor_formatter(NullFormatter())
