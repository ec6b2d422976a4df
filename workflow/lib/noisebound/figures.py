"""The figures of a run, drawn from its tables: reliability, conditional coverage, training and ensemble size.

Every function takes tables as the evaluation and training steps write them and returns a matplotlib figure; nothing
here reads or keeps matplotlib's global state.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from .architecture import read_architecture
from .figures_graph import architectures as draw_architectures
from .figures_style import ACCENT, INK, MUTED, legend_below, line_colours, new_figure, save_svg, style
from .tables import TEXT_COLUMNS, text_of

# Columns of the coverage tables that hold results; what else such a table has names the group of a row.
_RESULTS = {"channel", "nominal", "coverage", "low", "high", "coverage_without_atoms", "mean_width", "n_pixels"}
_RESULTS |= {"n_blocks", "scan", "kind"}

GROUP_WORDS = {
    "intensity": "decile of the denoised value",
    "token": "token",
    "border": "distance to the border / px",
    "block": "coverage of a block",
}


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV file of :func:`noisebound.tables.write_table` as a table; an empty file is an empty table.

    Text is what was written: a channel called "NA" or "7" is no number.
    """
    with open(path, encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream), [])
    columns = [text_of(cell) for cell in header]
    if not columns:
        return pd.DataFrame()
    numbers = {column: ["", "nan"] for column in columns if column not in TEXT_COLUMNS}
    texts = {column: str for column in columns if column in TEXT_COLUMNS}
    table = pd.read_csv(path, header=0, names=columns, dtype=texts, keep_default_na=False, na_values=numbers)
    for column in texts:
        table[column] = [text_of(cell) for cell in table[column]]
    return table


def _channels(table: pd.DataFrame) -> list[str]:
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
    """Observed against nominal coverage, one line per channel, with block-bootstrap intervals.

    ``coverage`` has the columns channel, nominal, coverage, low and high (shares between 0 and 1). Every point stands
    at its nominal coverage: moved aside, channels would seem to lie farther from the dashed line than they do.
    """
    with style():
        figure, grid = new_figure(4.6, 4.3)
        axes = grid[0][0]
        names = _channels(coverage)
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
    """Observed minus nominal coverage in percentage points over nominal coverage, one line per channel, as above."""
    with style():
        figure, grid = new_figure(4.6, 4.3)
        axes = grid[0][0]
        names = _channels(coverage)
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
    """The column that names the groups of a table of conditional coverage, ``None`` where there is none."""
    return next((name for name in table.columns if name not in _RESULTS), None)


def _group_label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def draw_conditional(axes: Axes, rows: pd.DataFrame, group: str, nominal: float, colour: str = ACCENT) -> None:
    """Observed coverage of one channel in each group as points with intervals, and the nominal coverage as a line."""
    x = np.arange(len(rows))
    axes.axhline(nominal, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    _error_bars(axes, x, rows, colour, marker="o", markersize=3.5, linestyle="none")
    labels = [_group_label(value) for value in rows[group]]
    step = -(-len(labels) // 6)
    axes.set_xticks(x[::step], labels[::step])
    axes.set_xlim(-0.6, max(len(rows) - 0.4, 0.6))
    shown = rows[["coverage", "low"]].to_numpy(dtype=float)
    finite = shown[np.isfinite(shown)]
    axes.set_ylim(max(0.0, min(nominal - 0.15, float(finite.min(initial=1.0)) - 0.03)), 1.005)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    _percent(axes, "y")


def draw_blocks(axes: Axes, rows: pd.DataFrame, nominal: float, colour: str = ACCENT) -> None:
    """How many blocks of one channel have which coverage, as a histogram, and the nominal coverage as a line."""
    values = rows["coverage"].to_numpy(dtype=float)
    lowest = max(0.0, min(float(values.min()), nominal - 0.15))
    # From the right end, which no coverage exceeds.
    step = max(0.01, round((1 - lowest) / 20, 2))
    edges = 1 - step * np.arange(np.ceil((1 - lowest) / step - 1e-9) + 1)[::-1]
    axes.hist(np.clip(values, edges[0], 1.0), bins=edges.tolist(), color=colour, alpha=0.75, linewidth=0)
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
        draw_blocks(axes, rows, nominal)
    else:
        draw_conditional(axes, rows, group, nominal)


def conditional_panel(table: pd.DataFrame, channel: str, kind: str, nominal: float) -> Figure | None:
    """One small panel: coverage of ``channel`` by the groups of ``table``; ``None`` where it has no rows.

    Of the kind "block", which are too many to stand beside each other, the panel is a histogram.
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
    """Small multiples: a row per channel, a column per kind of group (``tables`` by kind), at one nominal coverage."""
    kinds = [kind for kind, table in tables.items() if len(table) and group_column(table)]
    names = list(dict.fromkeys(name for kind in kinds for name in _channels(tables[kind])))
    with style():
        figure, grid = new_figure(
            2.9 * max(1, len(kinds)), 1.7 * max(1, len(names)), max(1, len(names)), max(1, len(kinds))
        )
        if not names:
            _say_nothing(grid[0][0], "no test region with a reference")
        for i, name in enumerate(names):
            for j, kind in enumerate(kinds):
                group = group_column(tables[kind])
                rows = _at_nominal(tables[kind], name, nominal)
                if rows.empty or group is None:
                    _say_nothing(grid[i][j], "no pixels")
                    continue
                _draw_groups(grid[i][j], rows, kind, group, nominal)
                if j == 0:
                    grid[i][j].set_ylabel(name)
                if i == len(names) - 1:
                    grid[i][j].set_xlabel(GROUP_WORDS.get(kind, kind))
    return figure


def _say_nothing(axes: Axes, words: str) -> None:
    axes.axis("off")
    axes.text(0.5, 0.5, words, ha="center", va="center", color=MUTED, transform=axes.transAxes)


def training(histories: Mapping[str, pd.DataFrame]) -> Figure:
    """Training and select loss over steps, one colour per member; the ring marks the weights that were kept.

    ``histories`` maps a member's name to its table with step, train_loss, select_loss and best.
    """
    with style():
        figure, grid = new_figure(5.4, 3.4)
        axes = grid[0][0]
        losses: list[float] = []
        selected = False
        for (name, table), colour in zip(histories.items(), line_colours(len(histories)), strict=True):
            step = table["step"].to_numpy(dtype=float)
            select = table[table["select_loss"].notna()]
            axes.plot(
                step,
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
            losses += [*table["train_loss"].dropna(), *select["select_loss"]]
            selected = selected or len(select) > 0
            kept = select[select["best"].fillna(0).astype(int) == 1].tail(1)
            if len(kept):
                axes.plot(kept["step"], kept["select_loss"], marker="o", markersize=6, color=colour, fillstyle="none")
        if losses:
            # The first steps lie far above the rest and would flatten what matters.
            low, high = float(np.min(losses)), float(np.percentile(losses, 97))
            axes.set_ylim(low - 0.08 * (high - low), high + 0.15 * (high - low) if high > low else None)
        axes.set_xlabel("step")
        axes.set_ylabel("pinball loss (normalised target)")
        legend_below(figure, axes, list(histories))
        words = "line: select region · faint: training patches · ring: kept" if selected else "training patches"
        axes.set_title(words, fontsize=8, color=MUTED)
    return figure


def ensemble_size(table: pd.DataFrame) -> Figure:
    """Correlation and error, both against one member, over the number of averaged members; a line per channel.

    ``table`` has the columns members, correlation and rmse, and optionally channel.
    """
    with style():
        figure, grid = new_figure(5.4, 3.0, 1, 2)
        names = _channels(table)
        groups = [(name, table[table["channel"].astype(str) == name]) for name in names] or [("", table)]
        titles = ("gain in correlation over one member", "RMSE, relative to one member")
        for axes, column, words in zip(grid[0], ("correlation", "rmse"), titles, strict=True):
            for (name, rows), colour in zip(groups, line_colours(len(groups)), strict=True):
                mean = rows.groupby("members")[column].mean()
                values = mean.to_numpy(dtype=float)
                # Channels have different units, sizes and noise: only the change is comparable.
                if len(values):
                    values = values / values[0] if column == "rmse" else values - values[0]
                axes.plot(mean.index.to_numpy(), values, color=colour, marker="o", markersize=3.5, label=name)
            axes.set_xlabel("members averaged")
            axes.set_title(words)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            # Small differences are spelled out; a power of ten in the corner is easily missed.
            axes.ticklabel_format(axis="y", style="plain", useOffset=False)
        legend_below(figure, grid[0][0], names)
    return figure


def stability(table: pd.DataFrame) -> Figure:
    """Agreement of repeated clusterings (adjusted Rand index): latents, denoised intensities, and a noise-only null.

    ``table`` has the columns comparison, latents, baseline and null.
    """
    # A row in another measure than the index stays out of its axis.
    table = table[~table["comparison"].astype(str).str.contains("share")]
    words = {"latents": "latents", "baseline": "k-means on intensities", "null": "noise only"}
    with style():
        figure, grid = new_figure(5.0, 0.9 + 0.55 * max(1, len(table)))
        axes = grid[0][0]
        y = np.arange(len(table))[::-1]
        columns = [column for column in words if column in table]
        known = np.isfinite(table[columns].to_numpy(dtype=float))
        # The bars that a row has stand around its label.
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


def draw_figures(
    *,
    coverage_csv: str | Path,
    conditional_csv: Mapping[str, str | Path],
    ensemble_size_csv: str | Path,
    histories: Sequence[str | Path],
    architectures: Sequence[str | Path],
    reliability_svg: str | Path,
    conditional_coverage_svg: str | Path,
    training_svg: str | Path,
    architectures_svg: str | Path,
    ensemble_size_svg: str | Path,
    primary: float,
) -> None:
    """Draw the aggregated figures of a run as SVG files, for Snakemake's own report.

    ``conditional_csv`` maps a kind of group (intensity, token, border, block) to its table; ``histories`` and
    ``architectures`` are files in the order of the members; ``primary`` is the nominal coverage of the intervals that
    are delivered by default.
    """
    save_svg(reliability(read_table(coverage_csv)), reliability_svg)
    tables = {kind: read_table(path) for kind, path in conditional_csv.items()}
    save_svg(conditional_coverage(tables, primary), conditional_coverage_svg)
    save_svg(training(read_histories(histories)), training_svg)
    save_svg(draw_architectures([read_architecture(path).to_json() for path in architectures]), architectures_svg)
    save_svg(ensemble_size(read_table(ensemble_size_csv)), ensemble_size_svg)


def read_histories(paths: Sequence[str | Path]) -> dict[str, pd.DataFrame]:
    """Tables of the training of each member, by the name "member <m>" taken from the file name."""
    return {Path(path).name.split(".")[0].replace("-", " "): read_table(path) for path in paths}
