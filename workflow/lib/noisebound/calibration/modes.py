"""In which ways corrections can be formed: by which score, in which unit, for which pixels, with which ties covered.

Only the standard library is used, because reading the workflow checks the configuration with this module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from ..core.errors import InputError

# The words of each key, as the schema of the configuration lists them.
Score = Literal["symmetric", "asymmetric"]
Scale = Literal["none", "width"]
Grouping = Literal["none", "intensity", "token"]
Ties = Literal["cover", "random"]


@dataclass(frozen=True)
class Mode:
    """How scores are formed and which pixels share a correction; the fields are keys of the section ``calibration``.

    ``score``: one correction for both ends, or one for each. ``scale``: corrections in the unit of the reference, or as
    multiples of the predicted width. ``groups``: all pixels share a correction, or those of one bin of predicted
    intensity, or of one token. ``ties``: all targets right on an end are covered, or a random part of them.
    """

    score: Score
    scale: Scale
    groups: Grouping
    ties: Ties

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
        check_word("score", self.score, get_args(Score))
        check_word("scale", self.scale, get_args(Scale))
        check_word("groups", self.groups, get_args(Grouping))
        check_word("ties", self.ties, get_args(Ties))


PLAIN = Mode("symmetric", "none", "none", "cover")
# What is laid beside the mode that was asked for, so that a user can choose.
OTHERS = (
    PLAIN,
    replace(PLAIN, score="asymmetric"),
    replace(PLAIN, scale="width"),
    replace(PLAIN, groups="intensity"),
    replace(PLAIN, scale="width", groups="intensity"),
    replace(PLAIN, groups="token"),
)


def check_word(key: str, word: str, known: tuple[str, ...]) -> None:
    """Raise ``InputError`` where the ``word`` of a key of the section ``calibration`` is none of the ``known``."""
    if word not in known:
        raise InputError(f"unknown {key}", key=f"calibration.{key}", value=word, remedy=f"use {' or '.join(known)}")
