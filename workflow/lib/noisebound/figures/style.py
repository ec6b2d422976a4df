"""One look for every figure, and figures as bytes that are the same on every run."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..core.storage import atomic_path
from ..core.texts import visible

INK, MUTED, HAIRLINE, PAPER = "#23272e", "#6a717b", "#dcd8d0", "#ffffff"
ACCENT = "#2f6f9f"
# Paul Tol's "muted" scheme (personal.sron.nl/~pault): colours that colour-blind readers can tell apart.
QUALITATIVE = ("#332288", "#ddcc77", "#44aa99", "#cc6677", "#88ccee", "#882255", "#117733", "#999933", "#aa4499")
# Paul Tol's "bright" scheme: mid tones, legible as lines on a white and on a dark page.
LINES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
# In a page these colours are replaced by variables, which follow the reader's light or dark mode.
_THEMED = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    HAIRLINE: "var(--line)",
    PAPER: "var(--card)",
    ACCENT: "var(--accent)",
}
_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    # Names come from users, so a dollar sign in a name is no mathematics.
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titlepad": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.4,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": PAPER,
    "figure.dpi": 100,
    "svg.fonttype": "none",
    "path.simplify": True,
}


@contextmanager
def style() -> Iterator[None]:
    """Use the matplotlib settings of this project inside a ``with`` block; the process-wide settings stay as they are.

    Yields
    ------
    None
        For use as a context manager.
    """
    # Any: type checkers know matplotlib's settings by the names of all keys, and would refuse a plain dictionary.
    defaults: Any = mpl.rcParamsDefault
    settings: Any = {**defaults, "backend": mpl.rcParams["backend"], **_STYLE}
    with mpl.rc_context(rc=settings):
        yield


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, *, share: bool = False
) -> tuple[Figure, list[list[Axes]]]:
    """Make a figure with panels; to be called inside :func:`style`.

    Parameters
    ----------
    width, height
        Size in inches.
    rows, columns
        Number of rows and columns of panels.
    share
        Whether all panels share both axes.

    Returns
    -------
    figure : Figure
        The figure.
    axes : list of list of Axes
        Its panels, row by row.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    return figure, [list(row) for row in grid]


def line_colours(n: int) -> list[str]:
    """Choose colours for lines.

    Parameters
    ----------
    n
        Number of colours.

    Returns
    -------
    list of str
        Colours as #rrggbb; they repeat from the eighth on.
    """
    return [LINES[i % len(LINES)] for i in range(n)]


def token_colours(n: int) -> list[str]:
    """Choose colours for tokens: the qualitative palette, then alternately darker and lighter versions of it.

    Parameters
    ----------
    n
        Number of colours.

    Returns
    -------
    list of str
        Colours as #rrggbb; the first 54 are all different.
    """
    colours = []
    for i in range(n):
        base = [int(QUALITATIVE[i % len(QUALITATIVE)][k : k + 2], 16) for k in (1, 3, 5)]
        turn = i // len(QUALITATIVE)
        toward = 0 if turn % 2 else 255
        weight = 0.0 if turn == 0 else min(0.75, 0.22 * (1 + turn // 2) + 0.12)
        colours.append("#" + "".join(f"{round(v + (toward - v) * weight):02x}" for v in base))
    return colours


def to_svg(figure: Figure, salt: str = "noisebound") -> bytes:
    """Write a figure as SVG; the same figure and ``salt`` give the same bytes.

    Hidden characters are removed from the texts of the figure.

    Parameters
    ----------
    figure
        The figure.
    salt
        The identifiers in the SVG depend on it.

    Returns
    -------
    bytes
        SVG without date and creator.
    """
    for written in figure.findobj(Text):
        if (text := written.get_text()) != visible(text):
            written.set_text(visible(text))
    buffer = io.BytesIO()
    with style(), mpl.rc_context({"svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def to_png(figure: Figure, dpi: int = 150) -> bytes:
    """Write a figure as PNG.

    Parameters
    ----------
    figure
        The figure.
    dpi
        Pixels per inch.

    Returns
    -------
    bytes
        PNG without date and version in its metadata.
    """
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def inline_svg(figure: Figure, label: str, *, least: float = 1.0) -> str:
    """Make an ``<svg>`` element to put into a page.

    Its colours follow the light or dark mode of the page, its text has the font of the page. It shrinks with the page
    down to the share ``least`` of its natural width; in a narrower page its container scrolls. The background of the
    figure is made transparent.

    Parameters
    ----------
    figure
        The figure.
    label
        Alternative text. It also makes the identifiers of several figures in one page differ.
    least
        Smallest share of the natural width.

    Returns
    -------
    str
        The element, with all texts escaped.
    """
    label = visible(label)
    figure.patch.set_alpha(0.0)
    text = to_svg(figure, salt=label).decode("utf-8")
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^<>]*>", _themed, text)
    width = figure.get_figwidth() * 96
    size = f"width:100%;max-width:{width:.0f}px;min-width:{width * least:.0f}px;height:auto"
    root, rest = text.split(">", 1)
    root = re.sub(r' (width|height|version|xmlns(:xlink)?)="[^"]*"', "", root)
    return f'{root} role="img" aria-label="{escape(label)}" style="{size}">{rest}'.strip()


def _themed(tag: re.Match[str]) -> str:
    """A tag of a figure with the colours and the font of the page; text between tags is not touched."""
    text = tag[0]
    for literal, variable in _THEMED.items():
        text = text.replace(literal, variable)
    # Only the size of the font is kept, so that text appears in the font of the page.
    return re.sub(r"font: (?:[a-z0-9]+ )?([\d.]+)px [^;\"]*", r"font-size: \1px", text)


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write a figure as a stand-alone SVG file, atomically.

    Parameters
    ----------
    figure
        The figure.
    path
        File to write; its name is the salt of :func:`to_svg`.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(to_svg(figure, salt=Path(path).name))


def save_png(figure: Figure, path: str | Path, dpi: int = 150) -> None:
    """Write a figure as a PNG file, atomically.

    Parameters
    ----------
    figure
        The figure.
    path
        File to write.
    dpi
        Pixels per inch.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(to_png(figure, dpi))


def legend_below(figure: Figure, axes: Axes, names: Sequence[str]) -> None:
    """Put a legend below the panels, in at most 6 columns; a single name gets no legend.

    Parameters
    ----------
    figure
        The figure.
    axes
        The panel whose lines the legend explains.
    names
        Names of the lines, in the order in which they were drawn.
    """
    handles, _ = axes.get_legend_handles_labels()
    if len(names) > 1:
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6), handlelength=1.4)
