"""What the intervals promise, in words: about which pixels or scans, of what, and what is not promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..files.coverage_key import nominal_key
from .exchangeability import UNITS, Unit, count_scans
from .modes import Mode
from .pixels import CalibrationPixels
from .targets import TRUE_TARGET

GROUP_WORDS = {"none": "", "intensity": "bin of predicted intensity", "token": "token"}
UNUSUAL = "a region picked because it looks unusual"


@dataclass(frozen=True)
class Promise:
    """What was calibrated, as far as the promise depends on it.

    ``units`` holds the unit of each nominal coverage, ``bounds`` that of each one-sided confidence; ``confidence`` is
    that of pac, ``block`` the side in px of the blocks that were counted, ``smallest`` the least pixels of a token's
    own group. ``borrowed`` holds, for groups that take the correction of all pixels, the coverages at which they do;
    ``infinite`` where intervals are infinite.
    """

    pixels: CalibrationPixels
    mode: Mode
    primary: float
    units: Mapping[float, Unit]
    bounds: Mapping[float, Unit]
    confidence: float
    block: int
    smallest: int
    borrowed: Mapping[str, Sequence[str]]
    infinite: Sequence[str]

    @property
    def unit(self) -> Unit:
        """The unit of the primary coverage."""
        return self.units[self.primary]

    @property
    def target(self) -> str:
        """What is covered."""
        return " or ".join(self.pixels.targets)

    @property
    def group(self) -> str:
        """What a group is, empty without groups."""
        return GROUP_WORDS[self.mode.groups]

    def in_words(self) -> str:
        """The whole promise: what holds at the primary coverage, then what else belongs to it."""
        first = {"pixel": self._about_pixels, "scan": self._about_the_mean_scan, "pac": self._about_most_scans}
        return " ".join([first[self.unit](), *self._caveats()])

    @property
    def _share(self) -> str:
        return _in_100(self.primary)

    @property
    def _interval(self) -> str:
        return f"intervals of nominal coverage {nominal_key(self.primary)} hold {self.target},"

    @property
    def _covered(self) -> str:
        if TRUE_TARGET not in self.pixels.targets:
            return "Covered is that measurement, not the true signal behind it."
        if len(self.pixels.targets) == 1:
            return "Covered is the true signal itself."
        return "Elsewhere, what is covered is a measurement, not the true signal behind it."

    @property
    def _scans(self) -> str:
        return count_scans(len(self.pixels.whole))

    @property
    def _having(self) -> str:
        return f" of each {self.group}, in the mean over further scans that have it" if self.group else ""

    @property
    def _nothing(self) -> str:
        if not self.group:
            return ""
        return (
            " Nothing is promised for all pixels of a scan taken together: a scan may have more of a "
            f"{self.group} just where that is harder."
        )

    def _about_pixels(self) -> str:
        n_sources = len(self.pixels.sources)
        fields = "this field of view" if n_sources == 1 else f"these {n_sources} fields of view"
        of_groups = f", and of each {self.group} in them" if self.group else ""
        return (
            f"Per pixel and channel, approximately: {self._interval} in about {self._share} of 100 pixels of {fields} "
            f"taken together (other nominal coverages likewise){of_groups}. The corrections were counted on "
            f"{self.pixels.n_pixels} pixels in {self.pixels.n_blocks} blocks of {self.block} px that no network was "
            "trained on; neighbouring pixels resemble each other, so coverage in a given region scatters more than "
            f"that number of pixels suggests. {self._covered} There is no guarantee at scan level: none for another "
            f"field of view, none for a single pixel or {UNUSUAL}."
        )

    def _about_the_mean_scan(self) -> str:
        pixels_of = self._having or " of a further scan, in the mean over further scans"
        return (
            f"At scan level, on average: {self._interval} in at least {self._share} of 100 pixels{pixels_of} and over "
            f"the choice of the {self._scans} that served calibration, in each channel by itself, provided that all "
            f"are drawn from one population in the same way.{self._nothing} Each of these scans weighs the same, and "
            "no assumption is made about how the pixels of a scan resemble each other. A single scan can have less: "
            f"this is a mean. {self._covered} There is no guarantee for a single pixel, or for {UNUSUAL}."
        )

    def _about_most_scans(self) -> str:
        first = self._having or " of further scans, in their mean"
        second = f"each of at least {self._share} of 100 further scans"
        each = "nominal coverage and statement"
        if self.group:
            second = f"each {self.group}, in {second} that have it"
            each = f"nominal coverage, {self.group} and statement"
        return (
            f"At scan level, with {_in_100(self.confidence)} % confidence in the choice of the {self._scans} that "
            f"served calibration: {self._interval} in at least {self._share} of 100 pixels{first}; and, with the same "
            f"confidence, in at least {self._share} of 100 pixels of {second}; provided that all scans are drawn "
            "independently from one population. This is so in each channel by itself: the confidence is that of each "
            f"channel, {each}, not of all together.{self._nothing} No assumption is made about how the pixels of a "
            f"scan resemble each other. {self._covered} There is no guarantee for a single pixel, or for {UNUSUAL}."
        )

    def _caveats(self) -> list[str]:
        """What else belongs to the promise, one sentence each: units, frames, groups, ties, infinite intervals."""
        words = [self._about_unit(unit) for unit in UNITS if unit != self.unit]
        if self.unit != "pixel" and any(own.frames > 1 for own in self.pixels.whole):
            words.append(
                "A scan stands for all its frames and repeats, as many as those in calibration have; a single frame of "
                "it can have less."
            )
        if self.group:
            words.append(
                f"Whether a {self.group} stands by itself depends on how many calibration pixels it has: what is "
                "promised of it is a mean over all calibrations, not only over those in which it does."
            )
        if self.mode.groups == "token":
            words.append(
                f"Tokens with fewer than {self.smallest} calibration pixels count together as one. Tokens that "
                "calibration never saw take the correction of these, or where there are none that of all pixels; "
                "nothing is promised for them. Tokens belong to the delivered frame, so only that frame was counted."
            )
        if self.borrowed:
            named = "; ".join(f"{group} (at {', '.join(values)})" for group, values in self.borrowed.items())
            words.append(
                f"Too few calibration pixels or scans have {named}: there the correction of all pixels is taken, and "
                "nothing is promised for these by themselves."
            )
        if self.mode.random_ties:
            words.append(
                "Ties are broken at random, by a number drawn for each pixel, so that coverage is not more than asked "
                "for where many values are equal."
            )
        if self.infinite:
            words.append(
                f"Too few pixels for {'; '.join(self.infinite)}: those intervals are infinite rather than falsely "
                "finite."
            )
        return [sentence for sentence in words if sentence]

    def _about_unit(self, unit: Unit) -> str:
        """What holds where another ``unit`` was taken than at the primary coverage; empty where none was."""
        levels = [nominal_key(value) for value, taken in self.units.items() if taken == unit]
        sides = [nominal_key(value) for value, taken in self.bounds.items() if taken == unit]
        where = [f"nominal coverage {', '.join(levels)}"] if levels else []
        where += [f"one-sided bounds, and decisions by them, at {', '.join(sides)}"] if sides else []
        means = {
            "pixel": "is about pixels of the calibrated fields of view, approximately, not about further scans",
            "scan": "is about further scans, on average",
            "pac": f"is about further scans, with {_in_100(self.confidence)} % confidence",
        }[unit]
        return f"Another promise holds for {' and for '.join(where)}: it {means} (unit {unit})." if where else ""


def _in_100(share: float) -> str:
    return nominal_key(round(100 * share, 6))
