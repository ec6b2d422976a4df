"""Figures of a comparison on simulated scans: curves over ensemble size, images of one example, and cuts through it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from .images import Floats, robust_limits
from .published import MEMBERS, NAMES, PUBLISHED
from .style import INK, LINES, MUTED, new_figure, style

COLOURS = {"random": LINES[0], "unet": LINES[1]}
TITLES = {
    "correlation": "correlation with the truth",
    "width_reduction": "width reduction",
    "coverage_of_truth": "coverage of the truth",
}
# Smallest distance from the nominal coverage to either end of the coverage axis.
_NEAR = 0.006


def _sizes(axes: Axes, most: int) -> None:
    """Make the x axis logarithmic, for ensemble sizes: most changes happen between few members."""
    ticks = [size for size in (1, 2, 4, 8, 16) if size <= most] + ([most] if most not in (1, 2, 4, 8, 16) else [])
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [str(size) for size in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(0.92, most * 1.09)
    axes.set_xlabel("members")


def size_curves(table: pd.DataFrame, nominal: float) -> Figure:
    """Draw correlation, width reduction and coverage of the truth over the number of members, beside published values.

    Lines are means over random ensembles. The darker bands hold the middle 50 % of these, the lighter ones 80 %.

    Parameters
    ----------
    table
        ``comparison/curves.csv``: family, measure, members, mean, q10, q25, q75 and q90.
    nominal
        Nominal coverage of the intervals.

    Returns
    -------
    Figure
        Three panels.
    """
    most = max(int(table["members"].max()), MEMBERS)
    with style():
        figure, grid = new_figure(9.6, 3.5, 1, 3)
        for axes, (measure, title) in zip(grid[0], TITLES.items(), strict=True):
            for family, name in NAMES.items():
                rows = table[(table["family"] == family) & (table["measure"] == measure)].sort_values("members")
                x, colour = rows["members"].to_numpy(dtype=float), COLOURS[family]
                columns = {key: rows[key].to_numpy(dtype=float) for key in ("mean", "q10", "q25", "q75", "q90")}
                axes.fill_between(x, columns["q10"], columns["q90"], color=colour, alpha=0.13, linewidth=0)
                axes.fill_between(x, columns["q25"], columns["q75"], color=colour, alpha=0.25, linewidth=0)
                axes.plot(x, columns["mean"], color=colour, marker="o", markersize=2.6, label=name)
                _draw_published(axes, family, measure)
            if measure == "coverage_of_truth":
                axes.axhline(nominal, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
                low, high = axes.get_ylim()
                axes.set_ylim(min(low, nominal - _NEAR), max(high, nominal + _NEAR))
            axes.ticklabel_format(axis="y", useOffset=False)
            axes.set_title(title)
            _sizes(axes, most)
        handles, labels = grid[0][0].get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda i: labels[i].endswith("published"))
        figure.legend(
            [handles[i] for i in order],
            [labels[i] for i in order],
            loc="outside lower center",
            ncols=4,
            handlelength=1.4,
        )
    return figure


def _draw_published(axes: Axes, family: str, measure: str) -> None:
    """Draw the published means of one member and of 25 as hollow diamonds; for coverage, the range as a bar."""
    colour = COLOURS[family]
    if measure == "coverage_of_truth":
        low, high = PUBLISHED[family]["coverage"]
        x = MEMBERS * (1.0 if family == "random" else 0.93)
        axes.plot([x, x], [low, high], color=colour, linewidth=3.2, alpha=0.55, solid_capstyle="butt")
        return
    first, last = PUBLISHED[family][measure]
    axes.plot(
        [1, MEMBERS],
        [first, last],
        linestyle="none",
        marker="D",
        markersize=5.5,
        markerfacecolor="none",
        markeredgecolor=colour,
        label=f"{NAMES[family]}, published",
    )


def example_images(images: Mapping[str, Floats], row: int, nominal: float) -> Figure:
    """Draw one test image: noisy, true, and as each method denoises it.

    Parameters
    ----------
    images
        noisy, truth, <family>/lower, <family>/median, <family>/upper and filter/<name>: float32 (Y, X), all in one
        unit.
    row
        Row of the cuts in px, which a line marks.
    nominal
        Nominal coverage of the intervals.

    Returns
    -------
    Figure
        A panel per image, all with the same limits, and one with the interval width of the random networks.
    """
    shown = [("noisy", "noisy"), ("truth", "truth")]
    shown += [(f"{family}/median", name) for family, name in NAMES.items()]
    shown += [(key, key.removeprefix("filter/")) for key in images if key.startswith("filter/")]
    limits = robust_limits(images["truth"])
    truth = images["truth"].ravel()
    with style():
        columns = -(-(len(shown) + 1) // 2)
        figure, grid = new_figure(2.35 * columns, 5.2, 2, columns)
        places = [axes for line in grid for axes in line]
        for axes in places:
            axes.axis("off")
        for axes, (key, name) in zip(places, shown, strict=False):
            drawn = axes.imshow(images[key], vmin=limits.low, vmax=limits.high, cmap="gray", interpolation="nearest")
            axes.axhline(row, color="#ddaa33", linewidth=0.8, alpha=0.9)
            axes.set_title(name, color=INK)
            if key != "truth":
                value = np.corrcoef(images[key].ravel(), truth)[0, 1]
                axes.set_title(f"r = {value:.3f}", fontsize=8, color=MUTED, loc="right")
        width = images["random/upper"] - images["random/lower"]
        wide = places[len(shown)].imshow(width, vmin=0, cmap="cividis", interpolation="nearest")
        places[len(shown)].set_title(f"width of the {100 * nominal:g}\u2009% interval", color=INK)
        for image, line in ((drawn, grid[0]), (wide, grid[1])):
            bar = figure.colorbar(image, ax=line, shrink=0.8, aspect=25, pad=0.015)
            bar.outline.set_visible(False)  # type: ignore[operator]
    return figure


def example_cuts(images: Mapping[str, Floats], row: int, nominal: float) -> Figure:
    """Draw cuts along one row of the example: a panel per ensemble with its interval, and one with all filters.

    Each panel also shows the truth and the noisy values. Noisy values beyond the axis are drawn at its edge.

    Parameters
    ----------
    images
        As for :func:`example_images`.
    row
        Row of the images in px.
    nominal
        Nominal coverage of the intervals.

    Returns
    -------
    Figure
        Three panels that share their axes.
    """
    filters = [key for key in images if key.startswith("filter/")]
    x = np.arange(images["truth"].shape[1])
    spread = np.concatenate([images[f"{family}/{end}"][row] for family in NAMES for end in ("lower", "upper")])
    values = np.concatenate([spread, images["truth"][row], *(images[key][row] for key in filters)])
    margin = 0.25 * float(np.ptp(values))
    low, high = float(values.min()) - margin, float(values.max()) + margin
    with style():
        figure, grid = new_figure(9.6, 3.1, 1, 3, share=True)
        parts: list[Any] = [*NAMES.items(), (None, "filters")]
        for axes, (family, name) in zip(grid[0], parts, strict=True):
            noisy = np.clip(images["noisy"][row], low + 0.1 * margin, high - 0.1 * margin)
            axes.plot(x, noisy, linestyle="none", marker=".", markersize=3, color=MUTED, alpha=0.6, label="noisy")
            if family is not None:
                ends = (images[f"{family}/{end}"][row] for end in ("lower", "upper"))
                words = f"{100 * nominal:g}\u2009% interval"
                axes.fill_between(x, *ends, color=COLOURS[family], alpha=0.26, linewidth=0, label=words)
                axes.plot(x, images[f"{family}/median"][row], color=COLOURS[family], label="median")
            else:
                for key, colour in zip(filters, ("#228833", "#aa3377", "#66ccee"), strict=False):
                    axes.plot(x, images[key][row], color=colour, linewidth=1.2, label=key.removeprefix("filter/"))
            axes.plot(x, images["truth"][row], color=INK, linewidth=0.9, label="truth")
            axes.set_title(name)
            axes.set_xlabel("x / px")
            axes.set_xlim(0, len(x) - 1)
            axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2, handlelength=1.3, columnspacing=1.2)
        grid[0][0].set_ylim(low, high)
        grid[0][0].set_ylabel("intensity")
    return figure


def best_row(truth: Floats) -> int:
    """Find the row in which the truth varies most.

    Parameters
    ----------
    truth
        True image (Y, X).

    Returns
    -------
    int
        The row with the largest standard deviation.
    """
    return int(np.argmax(np.asarray(truth).std(axis=1)))
