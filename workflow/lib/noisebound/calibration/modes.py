"""Ways to form corrections: by which score, in which unit, for which pixels, and which ties are covered.

Only the standard library is used, because the workflow checks the configuration with this module when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from ..core.errors import InputError

# The words of each key, as the schema of the configuration lists them.
Score = Literal["symmetric", "asymmetric"]
Scale = Literal["none", "width"]
Grouping = Literal["none", "intensity", "token"]
Ties = Literal["cover", "random"]
Channels = Literal["each", "together"]


@dataclass(frozen=True)
class Mode:
    """How scores are formed and which pixels share a correction; fields are keys of the section ``calibration``.

    Attributes
    ----------
    score
        "symmetric": one correction for both ends. "asymmetric": one for each end.
    scale
        "none": corrections in the unit of the reference. "width": multiples of the predicted width.
    groups
        Pixels that share a correction. "none": all. "intensity": those in one bin of predicted intensity. "token":
        those of one token.
    ties
        Targets exactly on an end. "cover": all are covered. "random": a random part of them.
    channels
        What an interval promises. "each": the stated coverage in each channel by itself. "together": the targets of all
        channels are covered at once as often as stated, by one score, the largest over channels.
    """

    score: Score
    scale: Scale
    groups: Grouping
    ties: Ties
    channels: Channels

    @property
    def sides(self) -> int:
        """Number of ends with a miss rate of their own: 2 for the asymmetric score, else 1."""
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
    def joint(self) -> bool:
        """Whether all channels share one score."""
        return self.channels == "together"

    @property
    def name(self) -> str:
        """The mode in words, for tables."""
        words = [str(self.score)]
        words += ["scaled by width"] if self.scaled else []
        words += {"none": [], "intensity": ["by intensity"], "token": ["by token"]}[self.groups]
        words += ["ties at random"] if self.random_ties else []
        words += ["all channels together"] if self.joint else []
        return ", ".join(words)

    def check(self, file: str | Path | None = None) -> None:
        """Check the words of all fields, and that they go together.

        Parameters
        ----------
        file
            The configuration, for the message; or None.

        Raises
        ------
        InputError
            Where a field has an unknown word, or all channels are to share a score that cannot be compared between
            them.
        """
        check_word("score", self.score, get_args(Score))
        check_word("scale", self.scale, get_args(Scale))
        check_word("groups", self.groups, get_args(Grouping))
        check_word("ties", self.ties, get_args(Ties))
        check_word("channels", self.channels, get_args(Channels))
        if not self.joint:
            return
        if not self.scaled:
            raise InputError(
                "scores of different channels have different units and cannot be compared",
                file=file,
                key="calibration.channels",
                value=self.channels,
                remedy="set calibration.scale to width, so that scores are multiples of the predicted width",
            )
        if self.groups == "intensity" or self.random_ties:
            raise InputError(
                "one score for all channels has neither bins of intensity, which every channel has of its own, nor "
                "ties broken at random",
                file=file,
                key="calibration.channels",
                value=self.channels,
                remedy="set calibration.groups to none or token, and calibration.ties to cover",
            )


PLAIN = Mode("symmetric", "width", "none", "cover", "each")
# Modes that are compared with the one that was asked for, so that a user can choose.
OTHERS = (
    PLAIN,
    replace(PLAIN, score="asymmetric"),
    replace(PLAIN, scale="none"),
    replace(PLAIN, groups="intensity"),
    replace(PLAIN, scale="none", groups="intensity"),
    replace(PLAIN, groups="token"),
    replace(PLAIN, channels="together"),
)


def check_word(key: str, word: str, known: tuple[str, ...]) -> None:
    """Check the word that the configuration gives for a key.

    Parameters
    ----------
    key
        Name of the key in the section ``calibration``.
    word
        What the configuration gives.
    known
        The words that are allowed.

    Raises
    ------
    InputError
        Where ``word`` is none of them.
    """
    if word not in known:
        raise InputError(f"unknown {key}", key=f"calibration.{key}", value=word, remedy=f"use {' or '.join(known)}")
