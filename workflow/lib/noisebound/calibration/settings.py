"""The section ``calibration`` of the configuration, as far as the corrections depend on it.

Only the standard library is used, because the workflow checks the configuration with this module when it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from ..core.errors import InputError
from ..files.coverage_key import nominal_key
from .exchangeability import AskedUnit
from .modes import Channels, Grouping, Mode, Scale, Score, Ties, check_word


@dataclass(frozen=True)
class CalibrationSettings:
    """Settings that shape ``calibration.json``.

    Attributes
    ----------
    nominal
        Coverages that intervals are made for, between 0 and 1.
    primary
        The one of them that is delivered as lower and upper.
    score, scale, groups, ties, channels
        See ``modes.Mode``.
    bins
        Number of bins of predicted intensity, where ``groups`` is "intensity".
    smallest_group
        Fewest calibration pixels of a group with corrections of its own.
    unit
        Unit of exchangeability; "auto" takes the strongest that the number of scans allows.
    confidence
        Confidence of the unit pac, between 0 and 1.
    block
        Side in px of the blocks that are counted. Blocks are roughly independent of each other.
    """

    nominal: Sequence[float]
    primary: float
    score: Score
    scale: Scale
    groups: Grouping
    bins: int
    smallest_group: int
    ties: Ties
    channels: Channels
    unit: AskedUnit
    confidence: float
    block: int

    @property
    def mode(self) -> Mode:
        """How scores are formed and which pixels share a correction."""
        return Mode(self.score, self.scale, self.groups, self.ties, self.channels)

    def check(self) -> None:
        """Check coverages, confidence, words, how they go together, and the primary coverage.

        Raises
        ------
        InputError
            Where one of them is invalid.
        """
        check_probabilities("calibration.nominal", self.nominal)
        check_probabilities("calibration.confidence", [self.confidence])
        check_primary(self.nominal, self.primary)
        self.mode.check()
        check_word("unit", self.unit, get_args(AskedUnit))


def check_probabilities(key: str, values: Sequence[float]) -> None:
    """Check that all values of a key lie between 0 and 1, ends excluded.

    Parameters
    ----------
    key
        Dotted key of the configuration, for the message.
    values
        Its values.

    Raises
    ------
    InputError
        Where a value does not.
    """
    for value in values:
        if not 0 < value < 1:
            raise InputError("not a probability", key=key, value=value, remedy="give numbers between 0 and 1")


def check_primary(nominal: Sequence[float], primary: float, file: str | Path | None = None) -> None:
    """Check that the primary coverage is one of the nominal ones.

    Parameters
    ----------
    nominal
        The nominal coverages.
    primary
        The primary coverage.
    file
        The configuration, for the message; or None.

    Raises
    ------
    InputError
        Where it is not.
    """
    if nominal_key(primary) not in map(nominal_key, nominal):
        raise InputError(
            "the primary coverage is none of the nominal ones",
            file=file,
            key="calibration.primary",
            value=primary,
            remedy=f"use one of {list(nominal)}, or add it to calibration.nominal",
        )
