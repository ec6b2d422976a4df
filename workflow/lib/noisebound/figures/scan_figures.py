"""The figures of one scan: line cuts with intervals, an overview, a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray
from PIL import Image

from .images import Floats, Limits, colour_image
from .labels import label_colours
from .scale_bar import scale_bar
from .style import ACCENT, INK, MUTED, new_figure, style


@dataclass(frozen=True)
class Cut:
    """Values of one channel along one line of pixels, float32 (N,) each, in the unit of the reference.

    Parameters
    ----------
    noisy, lower, median, upper
        The noisy frame, and the denoised median with its interval.
    reference
        The reference, ``None`` where it is unknown.
    """

    noisy: Floats
    lower: Floats
    median: Floats
    upper: Floats
    reference: Floats | None


def line_cut(cut: Cut, *, pixel_size: float, unit: str, axis: str, value_unit: str, percent: str) -> Figure:
    """Draw a line cut: noisy values as dots, the median as a line with its interval as a band, and the reference.

    The vertical range holds the interval, the median, the reference and 90 % of the noisy values; other noisy values
    are drawn at its edge.

    Parameters
    ----------
    cut
        Values along the line.
    pixel_size, unit
        Distance between neighbours in ``cut``, and its unit.
    axis
        Name of the axis along which the line runs.
    value_unit
        Label of the vertical axis.
    percent
        Nominal coverage of the interval, in words.

    Returns
    -------
    Figure
        One panel.
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
    """One row of the overview: the images of a channel.

    Parameters
    ----------
    channel
        Name of the channel.
    noisy, median, width
        Noisy frame, denoised median and width of the interval: float32 (y, x), in the unit of the reference.
    limits
        Limits of the colour map of noisy and median.
    width_limits
        Limits of the colour map of the width.
    """

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
    """Draw an overview of a scan: a row of images per channel, and the token map at the end of the first row.

    Parameters
    ----------
    rows
        Images of each channel, all of the same shape (y, x).
    tokens
        Token map of that shape, integers, or ``None``.
    pixel_size, unit
        Length of a pixel along x, and its unit, for the scale bar.
    value_unit
        Unit of the intensities.
    colormap
        Colour map of noisy and denoised images.

    Returns
    -------
    Figure
        Per channel the panels noisy, denoised and interval width.
    """
    columns = 4 if tokens is not None else 3
    height, width = rows[0].median.shape
    aspect = min(1.6, max(0.4, height / width))
    with style():
        figure, grid = new_figure(2.4 * columns, (2.4 * aspect + 0.25) * len(rows) + 0.3, len(rows), columns)
        for i, row in enumerate(rows):
            _draw_channel(figure, grid[i], row, value_unit, colormap)
            if tokens is not None and i == 0:
                _draw_tokens(grid[i][3], tokens)
        _draw_scale_bar(grid[0][0], rows[0].median.shape, pixel_size, unit)
        for line in grid:
            for axes in line:
                _strip(axes)
        for line in grid[1:]:
            if tokens is not None:
                line[3].axis("off")
    return figure


def _draw_channel(figure: Figure, panels: Sequence[Axes], row: Overview, value_unit: str, colormap: str) -> None:
    """Noisy, denoised and interval width, the latter two with colour bars."""
    shown = (
        (row.noisy, row.limits, colormap, "noisy"),
        (row.median, row.limits, colormap, "denoised"),
        (row.width, row.width_limits, "cividis", "interval width"),
    )
    for j, (image, limits, name, title) in enumerate(shown):
        drawn = panels[j].imshow(
            image, vmin=limits.low, vmax=limits.high, cmap=mpl.colormaps[name], interpolation="nearest"
        )
        panels[j].set_title(f"{row.channel}  {title}" if j == 0 else title, color=INK)
        if j > 0:
            bar = figure.colorbar(drawn, ax=panels[j], shrink=0.8, aspect=25, pad=0.02)
            bar.set_label(value_unit, fontsize=7.5)
            bar.outline.set_visible(False)  # type: ignore[operator]


def _draw_tokens(axes: Axes, tokens: NDArray[Any]) -> None:
    colours = label_colours(tokens)
    axes.imshow(tokens, cmap=ListedColormap(colours), vmin=-0.5, vmax=len(colours) - 0.5, interpolation="nearest")
    axes.set_title("tokens", color=INK)


def _draw_scale_bar(axes: Axes, shape: tuple[int, ...], pixel_size: float, unit: str) -> None:
    """A white bar on a dark outline in the lower left corner of an image of this ``shape`` (y, x)."""
    height, width = shape
    bar = scale_bar(width, pixel_size, unit)
    ends = [0.04 * width, (0.04 + bar.fraction) * width]
    axes.plot(ends, [0.94 * height] * 2, color="black", alpha=0.5, linewidth=4.5, solid_capstyle="butt")
    axes.plot(ends, [0.94 * height] * 2, color="white", linewidth=3, solid_capstyle="butt")
    outline = [withStroke(linewidth=2.2, foreground="black", alpha=0.65)]
    axes.text(0.04 * width, 0.91 * height, bar.label, color="white", fontsize=8, va="bottom", path_effects=outline)


def _strip(axes: Axes) -> None:
    """Remove ticks, grid and frame."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)


def thumbnail(noisy: Floats, median: Floats, limits: Limits, colormap: str, side: int = 420) -> Image.Image:
    """Make a picture of what the run did: noisy in the left half, denoised in the right half.

    Parameters
    ----------
    noisy, median
        Images of one shape (y, x). Their centre is used, cropped to 4:3 (width to height).
    limits, colormap
        Values at the ends of the colour map, and its name.
    side
        Width of the picture in px.

    Returns
    -------
    Image
        RGB, ``side`` px wide.
    """
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
