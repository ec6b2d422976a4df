"""Settings of the pages that come from the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PageSettings:
    """Settings of the page of a scan and of the index.

    Parameters
    ----------
    title
        Heading of the pages.
    run
        Name of the run.
    intensity_unit
        Unit of the reference, empty where it has none.
    kind
        What intensities are, "counts" or "intensity".
    exceed
        Thresholds (``decisions.exceed`` of the configuration): name, channel, above and confidence of each.
    combine
        How the members become one prediction, "average" or "pool".
    """

    title: str
    run: str
    intensity_unit: str
    kind: str
    exceed: Sequence[Mapping[str, Any]]
    combine: str
