"""Figures of the networks: training curves, ensemble size, stability of the tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..core.data_frames import read_table
from .coverage_figures import channels_of
from .style import ACCENT, INK, MUTED, legend_below, line_colours, new_figure, style


def read_histories(paths: Sequence[str | Path]) -> dict[str, pd.DataFrame]:
    """Read the training histories of members.

    Parameters
    ----------
    paths
        Files named ``member-<m>.history.csv``.

    Returns
    -------
    dict
        Tables by name of the member, "member <m>".
    """
    return {Path(path).name.split(".")[0].replace("-", " "): read_table(path) for path in paths}


def training(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw training and select loss over steps, one colour per member; a ring marks the weights that were kept.

    Parameters
    ----------
    histories
        Tables by name of the member, with the columns step, train_loss, select_loss and best.

    Returns
    -------
    Figure
        One panel.
    """
    with style():
        figure, grid = new_figure(5.4, 3.4)
        axes = grid[0][0]
        losses: list[float] = []
        selected = False
        for (name, table), colour in zip(histories.items(), line_colours(len(histories)), strict=True):
            select = _draw_history(axes, name, table, colour)
            losses += [*table["train_loss"].dropna(), *select]
            selected = selected or len(select) > 0
        if losses:
            # The losses of the first steps are so large that they would flatten the rest of the curves.
            low, high = float(np.min(losses)), float(np.percentile(losses, 97))
            axes.set_ylim(low - 0.08 * (high - low), high + 0.15 * (high - low) if high > low else None)
        axes.set_xlabel("step")
        axes.set_ylabel("pinball loss (normalised target)")
        legend_below(figure, axes, list(histories))
        words = "line: select region · faint: training patches · ring: kept" if selected else "training patches"
        axes.set_title(words, fontsize=8, color=MUTED)
    return figure


def _draw_history(axes: Axes, name: str, table: pd.DataFrame, colour: str) -> list[float]:
    """Draw the losses of one member; returns its select losses."""
    select = table[table["select_loss"].notna()]
    axes.plot(
        table["step"].to_numpy(dtype=float),
        table["train_loss"].to_numpy(dtype=float),
        color=colour,
        alpha=0.35 if len(select) else 1.0,
        linewidth=0.9,
    )
    axes.plot(
        select["step"].to_numpy(dtype=float),
        select["select_loss"].to_numpy(dtype=float),
        color=colour,
        label=name,
    )
    kept = select[select["best"].fillna(0).astype(int) == 1].tail(1)
    if len(kept):
        axes.plot(kept["step"], kept["select_loss"], marker="o", markersize=6, color=colour, fillstyle="none")
    return list(select["select_loss"])


def ensemble_size(table: pd.DataFrame) -> Figure:
    """Draw correlation and error, both relative to one member, over the number of averaged members.

    Parameters
    ----------
    table
        Columns members, correlation and rmse; with a column channel, each channel gets a line.

    Returns
    -------
    Figure
        Two panels: gain in correlation, and RMSE divided by that of one member.
    """
    with style():
        figure, grid = new_figure(5.4, 3.0, 1, 2)
        names = channels_of(table)
        groups = [(name, table[table["channel"].astype(str) == name]) for name in names] or [("", table)]
        titles = ("gain in correlation over one member", "RMSE, relative to one member")
        for axes, column, words in zip(grid[0], ("correlation", "rmse"), titles, strict=True):
            for (name, rows), colour in zip(groups, line_colours(len(groups)), strict=True):
                mean = rows.groupby("members")[column].mean()
                values = mean.to_numpy(dtype=float)
                # Channels differ in unit, size and noise, so only the change over one member can be compared.
                if len(values):
                    values = values / values[0] if column == "rmse" else values - values[0]
                axes.plot(mean.index.to_numpy(), values, color=colour, marker="o", markersize=3.5, label=name)
            axes.set_xlabel("members averaged")
            axes.set_title(words)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            # Labels show all digits, because an offset in the corner of the axis is easily missed.
            axes.ticklabel_format(axis="y", style="plain", useOffset=False)
        legend_below(figure, grid[0][0], names)
    return figure


def stability(table: pd.DataFrame) -> Figure:
    """Draw how far token maps agree (adjusted Rand index): of latents, of intensities, and of noise alone.

    Parameters
    ----------
    table
        Columns comparison, latents, baseline and null. Rows whose comparison is a share are not drawn.

    Returns
    -------
    Figure
        One panel with a group of bars per row.
    """
    table = table[~table["comparison"].astype(str).str.contains("share")]
    words = {"latents": "latents", "baseline": "k-means on intensities", "null": "noise only"}
    with style():
        figure, grid = new_figure(5.0, 0.9 + 0.55 * max(1, len(table)))
        axes = grid[0][0]
        y = np.arange(len(table))[::-1]
        columns = [column for column in words if column in table]
        known = np.isfinite(table[columns].to_numpy(dtype=float))
        # The bars of a row are centred on its label, however many it has.
        places = y[:, None] + 0.25 * ((known.sum(axis=1, keepdims=True) - 1) / 2 - (known.cumsum(axis=1) - 1))
        for i, column in enumerate(columns):
            colour = (ACCENT, "#ddaa33", MUTED)[list(words).index(column)]
            values = table[column].to_numpy(dtype=float)
            axes.barh(places[:, i], values, height=0.22, color=colour, label=words[column])
        axes.set_yticks(y, [str(value) for value in table["comparison"]])
        axes.set_ylim(-0.5, len(table) - 0.5)
        axes.set_xlim(min(0.0, float(np.nanmin(table[columns].to_numpy(dtype=float), initial=0.0))), 1.0)
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        axes.set_xlabel("adjusted Rand index (1: the same map, 0: chance)", color=INK)
        legend_below(figure, axes, [words[column] for column in columns])
    return figure
