"""What the configuration says about the evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EvaluationSettings:
    """Settings of the evaluation.

    Attributes
    ----------
    run
        Name of the run, for the summary.
    seed
        Seed of the drawn subsets of members.
    block
        Side in px of the blocks that intervals begin with.
    exceed
        Entries of ``decisions.exceed`` whose realised precision is measured: "name", "channel", "above", "confidence".
    """

    run: str
    seed: int
    block: int
    exceed: Sequence[Mapping[str, Any]]
