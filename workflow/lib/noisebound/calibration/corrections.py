"""The corrections of one mode, by channel, coverage and group: scores of the pixels, put through ``conformal``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .conformal import corrections, one_sided, side_scores
from .exchangeability import Unit
from .field_pixels import CalibrationPixels, FieldPixels
from .groups import PixelGroups, bins_of_intensity, frequent_tokens, group_of
from .modes import Mode
from .rounding import Doubles, Floats
from .settings import CalibrationSettings

# An entry of ``calibration.json``: what ``conformal.corrections`` gives, with such an entry for each group.
Entry = dict[str, Any]


@dataclass(frozen=True)
class FieldScores:
    """Scores of one channel in one field of view; the arrays are flat and parallel.

    Attributes
    ----------
    whole
        Whether the whole scan served calibration.
    low, high
        Scores of the lower and of the upper ends.
    groups
        Group of each pixel, None where all pixels are one group.
    held
        Targets that an interval holds whatever the correction; None where ties are not broken.
    """

    whole: bool
    low: Doubles
    high: Doubles
    groups: NDArray[np.uint16] | None
    held: NDArray[np.bool_] | None

    def of(self, group: int | None, interval: bool) -> tuple[Doubles, Doubles]:
        """Scores of one group, of all pixels for None; for an ``interval``, or else for bounds on one side."""
        low, high = self.low, self.high
        if interval and self.held is not None:
            low, high = (np.where(self.held, -np.inf, scores) for scores in (low, high))
        if group is None:
            return low, high
        inside = self.groups == group
        return low[inside], high[inside]


@dataclass(frozen=True)
class ModeFitter:
    """Fits the corrections of one ``mode`` with its ``groups``; ``confidence`` is that of the unit pac."""

    pixels: CalibrationPixels
    mode: Mode
    groups: PixelGroups
    confidence: float

    def channel(
        self, c: int, nominal: Mapping[float, Unit], levels: Mapping[float, Unit]
    ) -> tuple[dict[float, Entry], dict[float, Entry]]:
        """Fit channel ``c``.

        Parameters
        ----------
        c
            Number of the channel.
        nominal
            Coverages of intervals, each with its unit of exchangeability.
        levels
            Confidences of bounds on one side, likewise.

        Returns
        -------
        tuple of dict
            The entries of the intervals by coverage, and those of the bounds by confidence.
        """
        pooled = "pixel" in {*nominal.values(), *levels.values()}
        scores = [self.scores(own, c) for own in (self.pixels.all if pooled else self.pixels.whole)]
        mode = self.mode

        def interval(value: float, unit: Unit, group: int | None) -> Entry:
            low, high = _scores_for(unit, scores, group, interval=True)
            return corrections(low, high, value, mode.score, unit, self.confidence, mode.random_ties)

        def bound(value: float, unit: Unit, group: int | None) -> Entry:
            low, high = _scores_for(unit, scores, group, interval=False)
            return one_sided(low, high, value, unit, self.confidence)

        n_groups = len(self.groups.names.get(self.pixels.channels[c], ()))
        intervals = {value: _with_groups(interval, value, unit, n_groups) for value, unit in nominal.items()}
        bounds = {value: _with_groups(bound, value, unit, n_groups) for value, unit in levels.items()}
        nest(intervals)
        return intervals, bounds

    def scores(self, own: FieldPixels, c: int) -> FieldScores:
        """Scores of channel ``c`` in one field of view, and the groups of its pixels."""
        lower, median, upper, target = own.channel(c)
        low, high = side_scores(lower, upper, target, self.mode.scaled)
        # The interval always holds the median, so a target equal to it is covered whatever the correction. A bound on
        # one side may lie beyond the median, and then misses that target.
        held = target == median if self.mode.random_ties else None
        groups = None
        if self.groups.spec is not None:
            channel = self.pixels.channels[c]
            groups = group_of(self.groups.spec, channel, median, own.all_tokens()).astype(np.uint16)
        return FieldScores(own.whole, low, high, groups, held)


def fitter_of(
    mode: Mode, unit: Unit, pixels: CalibrationPixels, training: Floats | None, settings: CalibrationSettings
) -> ModeFitter:
    """The fitter of a ``mode``, with groups that are large enough among the pixels that a ``unit`` counts.

    Parameters
    ----------
    mode
        Its groups by intensity need ``training``, those by token the tokens of ``pixels``.
    unit
        Pixel counts all pixels; scan and pac count those of scans that served calibration as a whole.
    pixels
        Calibration pixels.
    training
        Predicted medians of training pixels, (N, C), or None.
    settings
        Bins, smallest group and the confidence of pac are taken from here, the mode is not.
    """
    groups, eligible = PixelGroups(), pixels.counted(unit)
    if mode.groups == "token":
        tokens = np.concatenate([own.all_tokens() for own in eligible])
        groups = frequent_tokens(pixels.channels, tokens, settings.smallest_group)
    if mode.groups == "intensity":
        assert training is not None
        channels = range(len(pixels.channels))
        medians = (np.concatenate([own.median(c) for own in eligible]) for c in channels)
        groups = bins_of_intensity(pixels.channels, training, medians, settings.bins, settings.smallest_group)
    return ModeFitter(pixels, mode, groups, settings.confidence)


def _scores_for(unit: Unit, fields: Sequence[FieldScores], group: int | None, interval: bool) -> tuple[Any, Any]:
    """Scores of the lower and the upper ends as ``conformal.corrections`` takes them for a ``unit``.

    For pixel one array over all fields of view, otherwise one array for each that served calibration as a whole.
    """
    parts = [own.of(group, interval) for own in fields if unit == "pixel" or own.whole]
    lows, highs = [low for low, _ in parts], [high for _, high in parts]
    return (np.concatenate(lows), np.concatenate(highs)) if unit == "pixel" else (lows, highs)


def _with_groups(fit: Callable[[float, Unit, int | None], Entry], value: float, unit: Unit, n_groups: int) -> Entry:
    """The entry of all pixels at one coverage, with a list "groups" of those of its groups where there are any."""
    everything = fit(value, unit, None)
    if not n_groups:
        return everything
    own = [fit(value, unit, group) for group in range(n_groups)]
    # A group that too few pixels or scans have takes the correction of all, which promises it nothing.
    groups = [everything | {"of_all": True} if part["k"] > part["n"] else part for part in own]
    return everything | {"groups": groups}


def nest(table: Mapping[float, Entry]) -> None:
    """Widen intervals, in place, so that each holds those of smaller coverage; units that differ may not do so.

    ``table`` maps coverages to entries; groups are widened each by itself.
    """
    for small, large in pairwise(sorted(table)):
        _widen(table[large], table[small])
        for part, smaller in zip(table[large].get("groups", []), table[small].get("groups", []), strict=True):
            _widen(part, smaller)


def _widen(entry: Entry, smaller: Entry) -> None:
    """Put each end of an ``entry``, (correction, share of ties), at least as far out as that of the ``smaller`` one."""
    for side in ("lower", "upper"):
        own, least = ((part[side], part.get(f"{side}_share", 1.0)) for part in (entry, smaller))
        if least > own:
            entry[side] = least[0]
            if f"{side}_share" in entry:
                entry[f"{side}_share"] = least[1]
