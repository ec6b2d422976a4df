"""The figures of one scan: line cuts through its intervals, an overview, a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image

from .images import Limits, colour_image
from .labels import label_colours
from .scale_bar import scale_bar
from .style import ACCENT, INK, MUTED, new_figure, style

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Cut:
    """Values of one channel along one line of pixels; ``reference`` is ``None`` where it is unknown."""

    noisy: Floats
    lower: Floats
    median: Floats
    upper: Floats
    reference: Floats | None


def line_cut(cut: Cut, *, pixel_size: float, unit: str, axis: str, value_unit: str, percent: str) -> Figure:
    """Noisy values as dots, the median as a line in its interval, and the reference, over the distance in ``unit``.

    ``percent`` names the nominal coverage of the band. The vertical range follows the interval, the median and the
    reference; noisy values beyond it are drawn at its edge.
    """
    x = np.arange(len(cut.median)) * pixel_size
    known = [cut.median, cut.lower, cut.upper] + ([] if cut.reference is None else [cut.reference])
    values = np.concatenate([part[np.isfinite(part)] for part in known])
    low, high = float(values.min()), float(values.max())
    low, high = min(low, float(np.quantile(cut.noisy, 0.05))), max(high, float(np.quantile(cut.noisy, 0.95)))
    margin = 0.06 * (high - low or 1.0)
    with style():
        figure, grid = new_figure(7.0, 2.55)
        axes = grid[0][0]
        noisy = np.clip(cut.noisy, low - 0.5 * margin, high + 0.5 * margin)
        axes.plot(x, noisy, linestyle="none", marker=".", markersize=3, color=MUTED, alpha=0.75, label="noisy")
        axes.fill_between(
            x, cut.lower, cut.upper, color=ACCENT, alpha=0.24, linewidth=0, label=f"{percent} interval", step=None
        )
        axes.plot(x, cut.median, color=ACCENT, linewidth=1.5, label="denoised (median)")
        if cut.reference is not None:
            axes.plot(x, cut.reference, color="#d9702f", linewidth=0.9, label="reference")
        axes.set_xlim(float(x[0]), float(x[-1]) if len(x) > 1 else 1.0)
        axes.set_ylim(low - margin, high + margin)
        axes.set_xlabel(f"{axis} / {unit}")
        axes.set_ylabel(value_unit)
        figure.legend(loc="outside upper left", ncols=4, handlelength=1.4)
    return figure


@dataclass(frozen=True)
class Overview:
    """The images (y, x) of one channel for the overview: each row shows noisy, denoised and interval width."""

    channel: str
    noisy: Floats
    median: Floats
    width: Floats
    limits: Limits
    width_limits: Limits


def overview(
    rows: Sequence[Overview],
    tokens: NDArray[Any] | None,
    *,
    pixel_size: float,
    unit: str,
    value_unit: str,
    colormap: str,
) -> Figure:
    """A scan at a glance: a row per channel, and the token map beside the first."""
    columns = 4 if tokens is not None else 3
    height, width = rows[0].median.shape
    aspect = min(1.6, max(0.4, height / width))
    with style():
        figure, grid = new_figure(2.4 * columns, (2.4 * aspect + 0.25) * len(rows) + 0.3, len(rows), columns)
        for i, row in enumerate(rows):
            shown = (
                (row.noisy, row.limits, colormap, "noisy"),
                (row.median, row.limits, colormap, "denoised"),
                (row.width, row.width_limits, "cividis", "interval width"),
            )
            for j, (image, limits, name, title) in enumerate(shown):
                axes = grid[i][j]
                drawn = axes.imshow(
                    image, vmin=limits.low, vmax=limits.high, cmap=mpl.colormaps[name], interpolation="nearest"
                )
                axes.set_title(f"{row.channel}  {title}" if j == 0 else title, color=INK)
                if j > 0:
                    bar = figure.colorbar(drawn, ax=axes, shrink=0.8, aspect=25, pad=0.02)
                    bar.set_label(value_unit, fontsize=7.5)
                    bar.outline.set_visible(False)  # type: ignore[operator]
            if tokens is not None and i == 0:
                colours = label_colours(tokens)
                grid[i][3].imshow(
                    tokens, cmap=ListedColormap(colours), vmin=-0.5, vmax=len(colours) - 0.5, interpolation="nearest"
                )
                grid[i][3].set_title("tokens", color=INK)
        bar_length = scale_bar(width, pixel_size, unit)
        outline = [withStroke(linewidth=2.2, foreground="black", alpha=0.65)]
        ends = [0.04 * width, (0.04 + bar_length.fraction) * width]
        grid[0][0].plot(ends, [0.94 * height] * 2, color="black", alpha=0.5, linewidth=4.5, solid_capstyle="butt")
        grid[0][0].plot(ends, [0.94 * height] * 2, color="white", linewidth=3, solid_capstyle="butt")
        grid[0][0].text(
            0.04 * width,
            0.91 * height,
            bar_length.label,
            color="white",
            fontsize=8,
            va="bottom",
            path_effects=outline,
        )
        for line in grid:
            for axes in line:
                axes.set_xticks([])
                axes.set_yticks([])
                axes.grid(False)
                for side in axes.spines.values():
                    side.set_visible(False)
        for line in grid[1:]:
            if tokens is not None:
                line[3].axis("off")
    return figure


def thumbnail(noisy: Floats, median: Floats, limits: Limits, colormap: str, side: int = 420) -> Image.Image:
    """A picture of what the run did: noisy in the left half, denoised in the right, centred and cut to 4:3."""
    height, width = median.shape
    joined = np.where(np.arange(width)[None, :] < width / 2, noisy, median)
    crop_height, crop_width = min(height, round(width * 3 / 4)), min(width, round(height * 4 / 3))
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    image = colour_image(joined[top : top + crop_height, left : left + crop_width], limits, colormap).convert("RGB")
    size = (side, max(1, round(side * crop_height / crop_width)))
    image = image.resize(size, Image.Resampling.NEAREST if crop_width < side else Image.Resampling.BOX)
    middle = side // 2
    image.paste((255, 255, 255), (middle - 1, 0, middle + 1, image.height))
    return image
