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
    """A figure as SVG for a page (see :func:`noisebound.figures.style.inline_svg`); ``None`` stays ``None``."""
    # The figure's own texts are escaped by matplotlib, the label by inline_svg.
    return None if figure is None else Markup(inline_svg(figure, label, least=least))


def picture_bytes(image: Image.Image) -> bytes:
    """An image as an optimised PNG file of at most 256 colours."""
    buffer = io.BytesIO()
    image.quantize(256, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def png_file_uri(path: str | Path) -> str:
    """A PNG file as a data URI."""
    return "data:image/png;base64," + base64.b64encode(Path(path).read_bytes()).decode("ascii")
