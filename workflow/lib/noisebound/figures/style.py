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
# Paul Tol's "muted" scheme (personal.sron.nl/~pault): told apart under the common kinds of colour blindness.
QUALITATIVE = ("#332288", "#ddcc77", "#44aa99", "#cc6677", "#88ccee", "#882255", "#117733", "#999933", "#aa4499")
# Paul Tol's "bright" scheme: mid tones, legible as lines on a white and on a dark page.
LINES = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#999999")
# In a page these literal colours follow the reader's light or dark mode.
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
    # Names come from users: a dollar sign in one is a dollar sign.
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
    """Matplotlib settings of this project inside the body; the process-wide settings are left as they were."""
    # Matplotlib types its settings by the literal names of all keys, which a plain dictionary cannot meet.
    defaults: Any = mpl.rcParamsDefault
    settings: Any = {**defaults, "backend": mpl.rcParams["backend"], **_STYLE}
    with mpl.rc_context(rc=settings):
        yield


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, *, share: bool = False
) -> tuple[Figure, list[list[Axes]]]:
    """Make a figure and its axes; to be called inside :func:`style`.

    Parameters
    ----------
    width, height
        Size in inches.
    rows, columns
        Number of panels.
    share
        Whether all panels share both axes.

    Returns
    -------
    figure : Figure
        The figure.
    axes : list of list of Axes
        Its panels as rows of columns.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False, sharex=share, sharey=share)
    return figure, [list(row) for row in grid]


def line_colours(n: int) -> list[str]:
    """``n`` colours for lines, repeating after the palette ends."""
    return [LINES[i % len(LINES)] for i in range(n)]


def token_colours(n: int) -> list[str]:
    """``n`` different colours for tokens as #rrggbb: the qualitative palette, then darker and lighter rounds of it."""
    colours = []
    for i in range(n):
        base = [int(QUALITATIVE[i % len(QUALITATIVE)][k : k + 2], 16) for k in (1, 3, 5)]
        turn = i // len(QUALITATIVE)
        toward = 0 if turn % 2 else 255
        weight = 0.0 if turn == 0 else min(0.75, 0.22 * (1 + turn // 2) + 0.12)
        colours.append("#" + "".join(f"{round(v + (toward - v) * weight):02x}" for v in base))
    return colours


def to_svg(figure: Figure, salt: str = "noisebound") -> bytes:
    """The figure as SVG. The same figure and ``salt``, on which its identifiers depend, give the same bytes."""
    for written in figure.findobj(Text):
        if (text := written.get_text()) != visible(text):
            written.set_text(visible(text))
    buffer = io.BytesIO()
    with style(), mpl.rc_context({"svg.hashsalt": salt}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def to_png(figure: Figure, dpi: int = 150) -> bytes:
    """The figure as PNG, without a date or a version in its metadata."""
    buffer = io.BytesIO()
    with style():
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def inline_svg(figure: Figure, label: str, *, least: float = 1.0) -> str:
    """Make an ``<svg>`` element to put into a page.

    Its colours follow the page's light or dark mode, its text the page's font. It shrinks with the page down to a share
    of its natural width; below that its container scrolls.

    Parameters
    ----------
    figure
        The figure.
    label
        Alternative text. It also keeps the identifiers of several figures in one page apart.
    least
        That share.

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
    """A tag of a figure with the colours and the font of the page; text between tags is the user's."""
    text = tag[0]
    for literal, variable in _THEMED.items():
        text = text.replace(literal, variable)
    # Matplotlib measures with its own font; the page shows its own at the same size and anchor.
    return re.sub(r"font: (?:[a-z0-9]+ )?([\d.]+)px [^;\"]*", r"font-size: \1px", text)


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write the figure as a stand-alone SVG file, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(to_svg(figure, salt=Path(path).name))


def save_png(figure: Figure, path: str | Path, dpi: int = 150) -> None:
    """Write the figure as PNG, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(to_png(figure, dpi))


def legend_below(figure: Figure, axes: Axes, names: Sequence[str]) -> None:
    """A legend of few or many entries under the axes, in as many columns as fit."""
    handles, _ = axes.get_legend_handles_labels()
    if len(names) > 1:
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6), handlelength=1.4)
