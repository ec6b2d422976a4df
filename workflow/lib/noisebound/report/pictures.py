"""Pictures on a page, and rendering it from its template."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from ..figures.scale_bar import physical
from ..figures.style import inline_svg
from .numbers import integer, nominal_percent, number, percent, signed
from .template import render as render_template


def picture(figure: Figure | None, label: str, *, least: float = 0.75) -> Markup | None:
    """A figure as SVG for a page, with ``label`` as its alternative text; ``None`` stays ``None``."""
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


def render(template: str, output: str | Path, context: Mapping[str, Any], *, script: str | None = None) -> None:
    """Write a page with the filters of both kinds of page, see :func:`noisebound.render_template`."""
    filters: dict[str, Callable[..., Any]] = {
        "percent": percent,
        "nominal_percent": nominal_percent,
        "number": number,
        "integer": integer,
        "signed": signed,
        "physical": physical,
    }
    render_template(template, output, context, filters=filters, script=script)
