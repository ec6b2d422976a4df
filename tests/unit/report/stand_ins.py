"""Stand-ins for the images of a scan."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from noisebound.core.length_units import reading_unit
from noisebound.figures.images import View


def scan_with(shape: tuple[int, ...], pixel_size: tuple[float, ...], unit: str, step: int = 1) -> Any:
    scan = SimpleNamespace(shape=shape, pixel_size=pixel_size, pixel_unit=unit)
    extent = max(n * size for n, size in zip(shape[-2:], pixel_size[-2:], strict=True))
    return SimpleNamespace(scan=scan, view=View(shape, step, None), lengths=reading_unit(extent, unit))
