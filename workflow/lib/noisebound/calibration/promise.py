"""The promise of the intervals in words: about which pixels or scans, of what, and what is not promised."""

from __future__ import annotations

from ..files.coverage_key import nominal_key
from .caveats import GROUP_WORDS, caveats, in_100
from .exchangeability import count_scans
from .field_pixels import CalibrationPixels
from .fitted import FittedCorrections
from .targets import TRUE_TARGET

UNUSUAL = "a region picked because it looks unusual"


def promise(fitted: FittedCorrections) -> str:
    """Write the whole promise: what holds at the primary coverage, then what :func:`caveats` adds.

    Parameters
    ----------
    fitted
        The corrections that were asked for.

    Returns
    -------
    str
        Several sentences.
    """
    about = {"pixel": _about_pixels, "scan": _about_the_mean_scan, "pac": _about_most_scans}
    return " ".join([about[fitted.unit](fitted), *caveats(fitted)])


def target_in_words(pixels: CalibrationPixels) -> str:
    """Say what the intervals cover.

    Parameters
    ----------
    pixels
        Calibration pixels.

    Returns
    -------
    str
        All kinds of target, joined by "or".
    """
    return " or ".join(pixels.targets)


def _about_pixels(fitted: FittedCorrections) -> str:
    pixels, group, share = fitted.pixels, GROUP_WORDS[fitted.settings.groups], in_100(fitted.settings.primary)
    n_sources = len(pixels.sources)
    fields = "this field of view" if n_sources == 1 else f"these {n_sources} fields of view"
    of_groups = f", and of each {group} in them" if group else ""
    start = "Per pixel" if _joint(fitted) else "Per pixel and channel"
    return (
        f"{start}, approximately: {_intervals(fitted)} in about {share} of 100 pixels of {fields} "
        f"taken together (other nominal coverages likewise){of_groups}. The corrections were counted on "
        f"{pixels.n_pixels} pixels in {pixels.n_blocks} blocks of {fitted.settings.block} px that no network was "
        "trained on; neighbouring pixels resemble each other, so coverage in a given region scatters more than "
        f"that number of pixels suggests. {_covered(pixels)} There is no guarantee at scan level: none for another "
        f"field of view, none for a single pixel or {UNUSUAL}."
    )


def _about_the_mean_scan(fitted: FittedCorrections) -> str:
    pixels, group, share = fitted.pixels, GROUP_WORDS[fitted.settings.groups], in_100(fitted.settings.primary)
    pixels_of = _having(group) or " of a further scan, in the mean over further scans"
    return (
        f"At scan level, on average: {_intervals(fitted)} in at least {share} of 100 pixels{pixels_of} and over "
        f"the choice of the {count_scans(len(pixels.whole))} that served calibration, "
        f"{'in all channels at once' if _joint(fitted) else 'in each channel by itself'}, "
        f"provided that all are drawn from one population in the same way.{_nothing(group)} Each of these scans weighs "
        "the same, and no assumption is made about how the pixels of a scan resemble each other. A single scan can "
        f"have less: this is a mean. {_covered(pixels)} There is no guarantee for a single pixel, or for {UNUSUAL}."
    )


def _about_most_scans(fitted: FittedCorrections) -> str:
    pixels, group, share = fitted.pixels, GROUP_WORDS[fitted.settings.groups], in_100(fitted.settings.primary)
    first = _having(group) or " of further scans, in their mean"
    second = f"each of at least {share} of 100 further scans"
    each = f"{'' if _joint(fitted) else 'channel, '}nominal coverage and statement"
    if group:
        second = f"each {group}, in {second} that have it"
        each = f"{'' if _joint(fitted) else 'channel, '}nominal coverage, {group} and statement"
    channels = "all channels at once" if _joint(fitted) else "each channel by itself"
    return (
        f"At scan level, with {in_100(fitted.settings.confidence)} % confidence in the choice of the "
        f"{count_scans(len(pixels.whole))} that served calibration: {_intervals(fitted)} in at least {share} of 100 "
        f"pixels{first}; and, with the same confidence, in at least {share} of 100 pixels of {second}; provided that "
        f"all scans are drawn independently from one population. This is so in {channels}: the confidence "
        f"is that of each {each}, not of all together.{_nothing(group)} No assumption is made about how the "
        f"pixels of a scan resemble each other. {_covered(pixels)} There is no guarantee for a single pixel, or for "
        f"{UNUSUAL}."
    )


def _intervals(fitted: FittedCorrections) -> str:
    """The beginning of the promise: which intervals hold what."""
    nominal = nominal_key(fitted.settings.primary)
    together = ", in all channels at once," if _joint(fitted) else ","
    return f"intervals of nominal coverage {nominal} hold {target_in_words(fitted.pixels)}{together}"


def _joint(fitted: FittedCorrections) -> bool:
    """Whether the promise is about all channels at once."""
    return fitted.settings.mode.joint


def _covered(pixels: CalibrationPixels) -> str:
    """Whether the target is the true signal."""
    if TRUE_TARGET not in pixels.targets:
        return "Covered is that measurement, not the true signal behind it."
    if len(pixels.targets) == 1:
        return "Covered is the true signal itself."
    return "Elsewhere, what is covered is a measurement, not the true signal behind it."


def _having(group: str) -> str:
    """The pixels and scans that a promise about a ``group`` is about; empty without groups."""
    return f" of each {group}, in the mean over further scans that have it" if group else ""


def _nothing(group: str) -> str:
    """What is not promised where the promise is about each ``group`` by itself; empty without groups."""
    if not group:
        return ""
    return (
        " Nothing is promised for all pixels of a scan taken together: a scan may have more of a "
        f"{group} just where that is harder."
    )
