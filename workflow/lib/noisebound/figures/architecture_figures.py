"""Pictures of architectures: random graphs as nodes on a line with arcs between them; U-Nets as boxes per level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Rectangle
from matplotlib.path import Path as Curve

from ..architecture.settings import UNET
from .style import INK, MUTED, PAPER, new_figure, style


def dilation_colours(dilations: Sequence[int]) -> dict[int, str]:
    """Choose one colour per dilation from a perceptually uniform map; larger dilations are lighter.

    Parameters
    ----------
    dilations
        Dilations in px, in any order, perhaps repeated.

    Returns
    -------
    dict
        #rrggbb by dilation, in rising order.
    """
    present = sorted(set(dilations))
    places = np.linspace(0.2, 0.9, len(present)) if len(present) > 1 else [0.4] * len(present)
    return {dilation: to_hex(mpl.colormaps["viridis"](place)) for dilation, place in zip(present, places, strict=True)}


def draw_graph(axes: Axes, architecture: Mapping[str, Any], colours: Mapping[int, str]) -> None:
    """Draw a random graph.

    Nodes stand in order from input to output. Connections to the next node are straight. Longer ones are arcs, higher
    the longer they are: above the line among hidden nodes, below it from the input or to the output. Lines are wider
    with more channels.

    Parameters
    ----------
    axes
        Where to draw.
    architecture
        Content of ``member-<m>.json``.
    colours
        Colour of each dilation.
    """
    last = max(node["id"] for node in architecture["nodes"])
    most = max(edge["channels"] for edge in architecture["edges"])
    for edge in architecture["edges"]:
        a, b = edge["source"], edge["target"]
        span = b - a
        side = -1.0 if a == 0 or b == last else 1.0
        height = 0.0 if span == 1 else side * 0.44 * span
        curve = Curve(
            [(a, 0), (a + 0.22 * span, height), (b - 0.22 * span, height), (b, 0)],
            [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4],
        )
        width = 0.7 + 1.5 * edge["channels"] / most
        axes.add_patch(
            PathPatch(
                curve, facecolor="none", edgecolor=colours[edge["dilation"]], linewidth=width, alpha=0.9, zorder=2
            )
        )
    for node in architecture["nodes"]:
        end = node["kind"] != "hidden"
        axes.add_patch(
            Circle(
                (node["id"], 0),
                0.2 if end else 0.15,
                facecolor=INK if end else PAPER,
                edgecolor=INK,
                linewidth=0.9,
                zorder=3,
            )
        )
    top = 0.36 * max([e["target"] - e["source"] for e in architecture["edges"]] + [3])
    axes.text(-0.35, 0, "in", ha="right", va="center", color=MUTED, fontsize=7.5, zorder=4)
    axes.text(last + 0.35, 0, "out", ha="left", va="center", color=MUTED, fontsize=7.5, zorder=4)
    axes.set_xlim(-1.0, last + 1.2)
    axes.set_ylim(-top - 0.2, top + 0.2)
    axes.set_aspect("equal")
    axes.axis("off")


def draw_levels(axes: Axes, architecture: Mapping[str, Any]) -> None:
    """Draw a U-Net: one box per level on the way down and on the way up, with its number of channels.

    Lines follow the way down and up; dotted arrows are the skip connections within a level. Lower levels are smaller
    images.

    Parameters
    ----------
    axes
        Where to draw.
    architecture
        Content of ``member-<m>.json``.
    """
    levels = int(architecture["levels"])
    places = [(place, -min(place, 2 * levels - place)) for place in range(2 * levels + 1)]
    half = 0.28
    for (x, y), (next_x, next_y) in pairwise(places):
        side = half if next_y < y else -half
        axes.annotate("", (next_x, next_y - side), (x, y + side), arrowprops={"arrowstyle": "-", "color": MUTED})
    for level in range(levels):
        ends = (2 * levels - level - half, -level), (level + half, -level)
        axes.annotate("", *ends, arrowprops={"arrowstyle": "->", "color": MUTED, "linestyle": ":"})
    for x, y in places:
        axes.add_patch(Rectangle((x - half, y - half), 2 * half, 2 * half, facecolor=PAPER, edgecolor=INK, zorder=3))
        channels = int(architecture["width"]) * 2**-y
        axes.text(x, y, str(channels), ha="center", va="center", color=INK, fontsize=7, zorder=4)
    axes.text(-0.45, 0, "in", ha="right", va="center", color=MUTED, fontsize=7.5)
    axes.text(2 * levels + 0.45, 0, "out", ha="left", va="center", color=MUTED, fontsize=7.5)
    axes.set_xlim(-1.0, 2 * levels + 1.2)
    axes.set_ylim(-levels - 0.5, 0.5)
    axes.set_aspect("equal")
    axes.axis("off")


def name_family(architecture: Mapping[str, Any]) -> str:
    """Name the family of an architecture for people.

    Parameters
    ----------
    architecture
        Content of ``member-<m>.json``.

    Returns
    -------
    str
        "U-Net" or "Random graph".
    """
    return "U-Net" if architecture.get("family") == UNET else "Random graph"


def describe(architecture: Mapping[str, Any]) -> str:
    """Describe an architecture in one line: parameters, receptive radius, and connections or levels.

    Parameters
    ----------
    architecture
        Content of ``member-<m>.json``.

    Returns
    -------
    str
        Three facts with a dot between them; the radius is in px.
    """
    radius = "×".join(str(r) for r in sorted(set(architecture["radius"]), reverse=True))
    unet = architecture.get("family") == UNET
    size = f"{architecture['levels']} levels" if unet else f"{len(architecture['edges'])} edges"
    parts = [f"{architecture['parameters']:,} parameters", f"radius {radius} px", size]
    return " · ".join(part.replace(",", "\u202f").replace(" ", "\u00a0") for part in parts)


def all_dilations(architectures: Sequence[Mapping[str, Any]]) -> list[int]:
    """List the dilations of all connections; a U-Net has none.

    Parameters
    ----------
    architectures
        Content of each ``member-<m>.json``.

    Returns
    -------
    list of int
        Each dilation once, in px, in rising order.
    """
    return sorted({edge["dilation"] for architecture in architectures for edge in architecture.get("edges", ())})


def _draw(axes: Axes, architecture: Mapping[str, Any], colours: Mapping[int, str]) -> None:
    if architecture.get("family") == UNET:
        draw_levels(axes, architecture)
    else:
        draw_graph(axes, architecture, colours)


def architecture(content: Mapping[str, Any], colours: Mapping[int, str] | None = None) -> Figure:
    """Draw one architecture as a small figure without a title.

    Parameters
    ----------
    content
        Content of ``member-<m>.json``.
    colours
        Colour of each dilation; ``None`` chooses colours for the dilations of this architecture alone.

    Returns
    -------
    Figure
        One panel.
    """
    with style():
        figure, axes = new_figure(3.0, 1.55)
        _draw(axes[0][0], content, colours or dilation_colours(all_dilations([content])))
    return figure


def architectures(contents: Sequence[Mapping[str, Any]], columns: int = 3) -> Figure:
    """Draw all architectures of a run side by side, with one legend of dilations.

    Parameters
    ----------
    contents
        Content of each ``member-<m>.json``.
    columns
        Most panels in a row.

    Returns
    -------
    Figure
        A panel per member.
    """
    colours = dilation_colours(all_dilations(contents))
    columns = max(1, min(columns, len(contents)))
    rows = -(-len(contents) // columns)
    with style():
        figure, axes = new_figure(3.1 * columns, 2.0 * rows + 0.35, rows, columns)
        panels = [panel for row in axes for panel in row]
        for panel in panels[len(contents) :]:
            panel.axis("off")
        for panel, content in zip(panels, contents, strict=False):
            _draw(panel, content, colours)
            panel.set_title(f"Member {content['member']}\n{describe(content)}", fontsize=8, color=INK)
        handles = [Line2D([], [], color=colour, label=f"dilation {d}") for d, colour in colours.items()]
        if handles:
            figure.legend(handles=handles, loc="outside lower center", ncols=min(8, len(handles)), handlelength=1.4)
    return figure
