"""What the section ``structure`` of the configuration says about tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StructureSettings:
    """How many tokens are fitted on how much, and how their stability is measured.

    Parameters
    ----------
    tokens
        How many there are.
    sample
        Pixels that they are fitted on.
    repeats
        Clusterings that are compared to say how stable they are.
    """

    tokens: int
    sample: int
    repeats: int
