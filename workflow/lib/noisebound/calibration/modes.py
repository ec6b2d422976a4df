"""In which ways corrections can be formed: by which score, in which unit, for which pixels, with which ties covered."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.errors import InputError
from .conformal import SCORES, Score

SCALES = ("none", "width")
GROUPS = ("none", "intensity", "token")
TIES = ("cover", "random")


@dataclass(frozen=True)
class Mode:
    """How scores are formed and which pixels share a correction: the keys of the section ``calibration``."""

    score: Score = "symmetric"
    scale: str = "none"
    groups: str = "none"
    ties: str = "cover"

    @property
    def sides(self) -> int:
        """Ends that have a miss rate of their own."""
        return 2 if self.score == "asymmetric" else 1

    @property
    def scaled(self) -> bool:
        """Whether scores are multiples of the predicted width."""
        return self.scale == "width"

    @property
    def random_ties(self) -> bool:
        """Whether ties are broken at random."""
        return self.ties == "random"

    @property
    def name(self) -> str:
        """In words, for tables."""
        words = [str(self.score)]
        words += ["scaled by width"] if self.scaled else []
        words += {"none": [], "intensity": ["by intensity"], "token": ["by token"]}[self.groups]
        words += ["ties at random"] if self.random_ties else []
        return ", ".join(words)

    def check(self) -> None:
        """Raise ``InputError`` for a word that the key does not know."""
        check_word("score", self.score, SCORES)
        check_word("scale", self.scale, SCALES)
        check_word("groups", self.groups, GROUPS)
        check_word("ties", self.ties, TIES)


# What is laid beside the mode that was asked for, so that a user can choose.
OTHERS = (
    Mode(),
    Mode(score="asymmetric"),
    Mode(scale="width"),
    Mode(groups="intensity"),
    Mode(scale="width", groups="intensity"),
    Mode(groups="token"),
)


def check_word(key: str, word: str, known: tuple[str, ...]) -> None:
    """Raise ``InputError`` where the ``word`` of a key of the section ``calibration`` is none of the ``known``."""
    if word not in known:
        raise InputError(f"unknown {key}", key=f"calibration.{key}", value=word, remedy=f"use {' or '.join(known)}")
