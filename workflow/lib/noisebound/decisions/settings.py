"""The section ``decisions`` of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DecisionSettings:
    """Thresholds to decide on, and boxes to propose.

    Attributes
    ----------
    exceed
        Per threshold a mapping: "name", "channel", "above" (in the unit of the reference) and "confidence".
    remeasure
        Boxes to measure again: "size" (side in px) and "count".
    """

    exceed: Sequence[Mapping[str, Any]]
    remeasure: Mapping[str, int]
