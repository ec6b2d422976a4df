"""The section ``decisions`` of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DecisionSettings:
    """What is to be decided.

    Attributes
    ----------
    exceed
        Thresholds: {"name", "channel", "above" (in the unit of the reference), "confidence"} each.
    remeasure
        Boxes to measure again: {"size" (px), "count"}.
    """

    exceed: Sequence[Mapping[str, Any]]
    remeasure: Mapping[str, int]
