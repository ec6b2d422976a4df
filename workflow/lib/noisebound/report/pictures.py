"""Pictures that a page holds: figures as SVG, images as PNG."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from ..figures.style import inline_svg


def picture(figure: Figure | None, label: str, *, least: float = 0.75) -> Markup | None:
    """Turn a figure into SVG for a page.

    Parameters
    ----------
    figure
        The figure, or ``None``.
    label, least
        As for :func:`noisebound.figures.style.inline_svg`.

    Returns
    -------
    Markup or None
        An ``<svg>`` element; ``None`` without a figure.
    """
    # This is safe as markup: matplotlib escapes the texts of the figure, inline_svg the label.
    return None if figure is None else Markup(inline_svg(figure, label, least=least))


def picture_bytes(image: Image.Image) -> bytes:
    """Write an image as an optimised PNG of at most 256 colours.

    Parameters
    ----------
    image
        The image.

    Returns
    -------
    bytes
        Content of the PNG file.
    """
    buffer = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def png_file_uri(path: str | Path) -> str:
    """Read a PNG file as a data URI.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        The data URI.
    """
    return "data:image/png;base64," + base64.b64encode(Path(path).read_bytes()).decode("ascii")
