"""Fitted corrections of all channels, with what they were fitted on and where calibration pixels were too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..files.coverage_key import nominal_key
from .corrections import Entry, fitter_of
from .exchangeability import Unit, check_scans, choose_units
from .field_pixels import CalibrationPixels
from .groups import UNSEEN, PixelGroups
from .rounding import Floats
from .settings import CalibrationSettings

# By "nominal" (intervals) or "confidence" (one-sided bounds), then by its value, then by channel.
Tables = Mapping[str, Mapping[str, Mapping[str, Entry]]]


@dataclass(frozen=True)
class FittedCorrections:
    """The corrections that were asked for.

    Attributes
    ----------
    settings
        Section ``calibration`` of the configuration.
    pixels
        Calibration pixels.
    groups
        The groups with corrections of their own.
    units
        Unit of exchangeability of each nominal coverage.
    bound_units
        Unit of each confidence of one-sided bounds.
    tables
        The corrections, by "nominal" or "confidence", then by value, then by channel.
    """

    settings: CalibrationSettings
    pixels: CalibrationPixels
    groups: PixelGroups
    units: Mapping[float, Unit]
    bound_units: Mapping[float, Unit]
    tables: Tables

    @property
    def unit(self) -> Unit:
        """The unit of the primary coverage."""
        return self.units[self.settings.primary]

    @property
    def infinite(self) -> list[str]:
        """Infinite intervals and bounds, in words: their coverage or confidence, and their channel."""
        return [
            f"{kind} {value} in channel {name}"
            for name in self.pixels.channels
            for kind, table in self.tables.items()
            for value, entries in table.items()
            if entries[name]["k"] > entries[name]["n"]
        ]

    @property
    def borrowed(self) -> dict[str, list[str]]:
        """Coverages and confidences, in words, at which a group takes the correction of all pixels, by group."""
        found: dict[str, list[str]] = {}
        for channel, names in self.groups.names.items():
            for kind, table in self.tables.items():
                for value, entries in table.items():
                    at = f"{kind} {value}"
                    for group, part in zip(names, entries[channel]["groups"], strict=True):
                        if part.get("of_all") and group != UNSEEN and at not in found.get(group, []):
                            found.setdefault(group, []).append(at)
        return found


def fit_corrections(
    pixels: CalibrationPixels,
    training: Floats | None,
    settings: CalibrationSettings,
    confidences: Sequence[float],
) -> FittedCorrections:
    """Fit the corrections that the configuration asks for.

    Parameters
    ----------
    pixels
        Calibration pixels.
    training
        Predicted medians of training pixels, (N, C), in the unit of the reference; needed for groups by intensity, else
        None.
    settings
        Section ``calibration`` of the configuration.
    confidences
        Confidences of one-sided bounds.

    Returns
    -------
    FittedCorrections
        Of all channels, coverages and confidences.

    Raises
    ------
    InputError
        Where the unit asked for takes more scans than there are.
    """
    n_whole, mode = len(pixels.whole), settings.mode
    asked = {"calibration.nominal": settings.nominal, "decisions.exceed.confidence": confidences}
    check_scans(settings.unit, n_whole, asked, settings.confidence, mode.sides)
    units = choose_units(settings.unit, n_whole, settings.nominal, settings.primary, settings.confidence, mode.sides)
    bound_units = choose_units(settings.unit, n_whole, confidences, settings.primary, settings.confidence)
    fitter = fitter_of(mode, units[settings.primary], pixels, training, settings)
    tables: dict[str, dict[str, dict[str, Entry]]] = {
        "nominal": {nominal_key(value): {} for value in settings.nominal},
        "confidence": {nominal_key(value): {} for value in confidences},
    }
    for c, name in enumerate(pixels.channels):
        for table, found in zip(tables.values(), fitter.channel(c, units, bound_units), strict=True):
            for value, entry in found.items():
                table[nominal_key(value)][name] = entry
    return FittedCorrections(settings, pixels, fitter.groups, units, bound_units, tables)
