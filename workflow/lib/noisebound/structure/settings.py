"""What the section ``structure`` of the configuration says about tokens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StructureSettings:
    """How many tokens are fitted on how many pixels, and how their stability is measured.

    Parameters
    ----------
    tokens
        Number of tokens.
    sample
        Pixels that they are fitted on, of all train scans together.
    repeats
        Clusterings, or divisions into halves, that each stability figure compares.
    """

    tokens: int
    sample: int
    repeats: int
