"""The corrections of one mode, by channel, coverage and group."""

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

# An entry of ``calibration.json``: what ``conformal.corrections`` returns, and a list "groups" of such entries.
Entry = dict[str, Any]


@dataclass(frozen=True)
class FieldScores:
    """Scores of one channel in one field of view; all arrays are flat, with one number per pixel.

    Attributes
    ----------
    whole
        Whether the whole scan served calibration.
    low, high
        Scores of the lower and of the upper ends.
    groups
        Group of each pixel, None where all pixels are one group.
    held
        Whether an interval holds the target whatever the correction; None where ties are not broken at random.
    """

    whole: bool
    low: Doubles
    high: Doubles
    groups: NDArray[np.uint16] | None
    held: NDArray[np.bool_] | None

    def of(self, group: int | None, interval: bool) -> tuple[Doubles, Doubles]:
        """Return the scores of one group.

        Parameters
        ----------
        group
            Number of the group; None for all pixels.
        interval
            Whether the scores are for intervals, not for one-sided bounds. Targets that an interval always holds then
            have the score minus infinity.

        Returns
        -------
        tuple of ndarray
            Scores of the lower and of the upper ends, flat float64.
        """
        low, high = self.low, self.high
        if interval and self.held is not None:
            low, high = (np.where(self.held, -np.inf, scores) for scores in (low, high))
        if group is None:
            return low, high
        inside = self.groups == group
        return low[inside], high[inside]


@dataclass(frozen=True)
class ModeFitter:
    """Fits the corrections of one mode.

    Attributes
    ----------
    pixels
        Calibration pixels.
    mode
        How scores are formed.
    groups
        The groups with corrections of their own.
    confidence
        Confidence of the unit pac.
    """

    pixels: CalibrationPixels
    mode: Mode
    groups: PixelGroups
    confidence: float

    def channel(
        self, c: int, nominal: Mapping[float, Unit], levels: Mapping[float, Unit]
    ) -> tuple[dict[float, Entry], dict[float, Entry]]:
        """Fit the corrections of one channel.

        Parameters
        ----------
        c
            Number of the channel.
        nominal
            Coverages of intervals, each with its unit of exchangeability.
        levels
            Confidences of one-sided bounds, likewise.

        Returns
        -------
        tuple of dict
            Entries of the intervals by coverage, and of the bounds by confidence.
        """
        fields = self.pixels.all if "pixel" in {*nominal.values(), *levels.values()} else self.pixels.whole
        mode = self.mode
        scores = [self.scores(own, c) for own in fields]
        shared = [self.joint_scores(own) for own in fields] if mode.joint else scores

        def interval(value: float, unit: Unit, group: int | None) -> Entry:
            low, high = _scores_for(unit, shared, group, interval=True)
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
        """Compute the scores of one channel in one field of view, and the groups of its pixels.

        Parameters
        ----------
        own
            The field of view.
        c
            Number of the channel.

        Returns
        -------
        FieldScores
            One score per end and pixel.
        """
        lower, median, upper, target = own.channel(c)
        low, high = side_scores(lower, upper, target, self.mode.scaled)
        # An interval always holds the median, so it covers a target equal to the median whatever the correction. A
        # one-sided bound may lie beyond the median, and then misses such a target.
        held = target == median if self.mode.random_ties else None
        groups = None
        if self.groups.spec is not None:
            channel = self.pixels.channels[c]
            groups = group_of(self.groups.spec, channel, median, own.all_tokens()).astype(np.uint16)
        return FieldScores(own.whole, low, high, groups, held)

    def joint_scores(self, own: FieldPixels) -> FieldScores:
        """Compute one score for all channels in one field of view: the largest over channels, for each end.

        Both ends of all channels move by the threshold of these scores, so a pixel whose score is below it is covered
        in all channels.

        Parameters
        ----------
        own
            The field of view.

        Returns
        -------
        FieldScores
            One score per end and pixel.
        """
        parts = [self.scores(own, c) for c in range(len(self.pixels.channels))]
        low, high = (np.maximum.reduce([getattr(part, end) for part in parts]) for end in ("low", "high"))
        return FieldScores(own.whole, low, high, parts[0].groups, None)


def fitter_of(
    mode: Mode, unit: Unit, pixels: CalibrationPixels, training: Floats | None, settings: CalibrationSettings
) -> ModeFitter:
    """Make the fitter of a mode, with groups that are large enough among the pixels that a unit counts.

    Parameters
    ----------
    mode
        How scores are formed.
    unit
        Pixel counts all pixels; scan and pac count those of scans that served calibration as a whole.
    pixels
        Calibration pixels; they need tokens for groups by token.
    training
        Predicted medians of training pixels, (N, C), in the unit of the reference; needed for groups by intensity, else
        None.
    settings
        Gives the number of bins, the smallest group and the confidence of pac; its mode is not used.

    Returns
    -------
    ModeFitter
        Ready to fit any channel.
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

    For the unit pixel, one array over all fields of view; otherwise one array for each field of view that served
    calibration as a whole.
    """
    parts = [own.of(group, interval) for own in fields if unit == "pixel" or own.whole]
    lows, highs = [low for low, _ in parts], [high for _, high in parts]
    return (np.concatenate(lows), np.concatenate(highs)) if unit == "pixel" else (lows, highs)


def _with_groups(fit: Callable[[float, Unit, int | None], Entry], value: float, unit: Unit, n_groups: int) -> Entry:
    """The entry of all pixels at one coverage; where there are groups, with a list "groups" of their entries."""
    everything = fit(value, unit, None)
    if not n_groups:
        return everything
    own = [fit(value, unit, group) for group in range(n_groups)]
    # A group with too few pixels or scans takes the correction of all pixels; nothing is promised for it.
    groups = [everything | {"of_all": True} if part["k"] > part["n"] else part for part in own]
    return everything | {"groups": groups}


def nest(table: Mapping[float, Entry]) -> None:
    """Widen intervals, in place, so that each holds those of smaller coverage.

    Without this an interval can be narrower than one of smaller coverage, where their units of exchangeability differ.

    Parameters
    ----------
    table
        Entries by coverage. Each group is widened by itself.
    """
    for small, large in pairwise(sorted(table)):
        _widen(table[large], table[small])
        for part, smaller in zip(table[large].get("groups", []), table[small].get("groups", []), strict=True):
            _widen(part, smaller)


def _widen(entry: Entry, smaller: Entry) -> None:
    """Move each end of ``entry`` at least as far out as that of ``smaller``; an end is (correction, share of ties)."""
    for side in ("lower", "upper"):
        own, least = ((part[side], part.get(f"{side}_share", 1.0)) for part in (entry, smaller))
        if least > own:
            entry[side] = least[0]
            if f"{side}_share" in entry:
                entry[f"{side}_share"] = least[1]
