"""Tables to draw, and figures and images read back."""

from __future__ import annotations

import base64
import io

import pandas as pd
from matplotlib.container import ErrorbarContainer
from PIL import Image


def coverage_table(names: tuple[str, ...] = ("Mg", "Fe")) -> pd.DataFrame:
    rows = [
        {"channel": name, "nominal": n, "coverage": n + shift, "low": n - 0.03, "high": min(1.0, n + 0.04)}
        for name, shift in zip(names, (0.01, -0.02), strict=True)
        for n in (0.5, 0.9)
    ]
    return pd.DataFrame(rows)


def opened(uri: str) -> Image.Image:
    assert uri.startswith("data:image/png;base64,")
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def error_bars(axes: object) -> list[ErrorbarContainer]:
    return [c for c in axes.containers if isinstance(c, ErrorbarContainer)]  # type: ignore[attr-defined]
