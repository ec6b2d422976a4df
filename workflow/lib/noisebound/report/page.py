"""Filling the template of a page and writing it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..figures.scale_bar import physical
from .numbers import integer, nominal_percent, number, percent, signed
from .template import render

logger = logging.getLogger("noisebound")

FILTERS: dict[str, Callable[..., Any]] = {
    "percent": percent,
    "nominal_percent": nominal_percent,
    "number": number,
    "integer": integer,
    "signed": signed,
    "physical": physical,
}


def write_page(template: str, output: str | Path, context: Mapping[str, Any], *, script: str | None = None) -> None:
    """Fill a template that may use ``FILTERS``, write the page, and log its size.

    Parameters
    ----------
    template, output, context, script
        As for :func:`noisebound.report.template.render`.
    """
    render(template, output, context, filters=FILTERS, script=script)
    logger.info("wrote %s (%.1f MB)", output, Path(output).stat().st_size / 1e6)
