"""Other ways to form the corrections, fitted for comparison."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from ..files.coverage_key import nominal_key
from .content import infinity_as_word, stored_mode
from .corrections import ModeFitter, fitter_of
from .exchangeability import UNITS, Unit, choose_units, needed_scans
from .fitted import FittedCorrections
from .modes import OTHERS, Mode
from .rounding import Floats

logger = logging.getLogger("noisebound")


def fit_alternatives(fitted: FittedCorrections, training: Floats | None) -> list[dict[str, Any]]:
    """Fit the modes and units that were not asked for, at all nominal coverages where their intervals are finite.

    Modes by token are fitted only where the mode that was asked for is by token, modes by intensity only where
    ``training`` is given.

    Parameters
    ----------
    fitted
        The corrections that were asked for.
    training
        Predicted medians of training pixels, (N, C), in the unit of the reference; or None.

    Returns
    -------
    list of dict
        Entries of "others" in ``calibration.json``.
    """
    settings, found = fitted.settings, []
    several = len(fitted.pixels.channels) > 1
    for mode, units in _alternatives(fitted):
        possible = {"none": True, "intensity": training is not None, "token": settings.groups == "token"}[mode.groups]
        if possible and (several or not mode.joint):
            unit = units[settings.primary]
            found.append(_described(fitter_of(mode, unit, fitted.pixels, training, settings), units, settings.primary))
            logger.info("fitted for comparison: %s, unit %s", mode.name, unit)
    return found


def _alternatives(fitted: FittedCorrections) -> Iterator[tuple[Mode, dict[float, Unit]]]:
    """Other modes, then other units of the mode that was asked for; each with its unit at all finite coverages."""
    settings, n_whole = fitted.settings, len(fitted.pixels.whole)
    primary = settings.primary

    def finite(units: Mapping[float, Unit], sides: int) -> dict[float, Unit]:
        confidence = settings.confidence
        return {v: unit for v, unit in units.items() if n_whole >= needed_scans(unit, v, confidence, sides)}

    for other in OTHERS:
        chosen = choose_units(settings.unit, n_whole, settings.nominal, primary, settings.confidence, other.sides)
        units = finite(chosen, other.sides)
        if other != settings.mode and primary in units:
            yield other, units
    for unit in UNITS:
        units = finite(dict.fromkeys(settings.nominal, unit), settings.mode.sides)
        if unit != fitted.unit and primary in units:
            yield settings.mode, units


def _described(fitter: ModeFitter, units: Mapping[float, Unit], primary: float) -> dict[str, Any]:
    """One entry of "others": a mode with its corrections at the coverages that have a unit."""
    corrections: dict[str, dict[str, Any]] = {nominal_key(value): {} for value in units}
    for c, name in enumerate(fitter.pixels.channels):
        for value, entry in fitter.channel(c, units, {})[0].items():
            corrections[nominal_key(value)][name] = entry
    return {
        "name": fitter.mode.name,
        **stored_mode(fitter.mode, fitter.groups),
        "unit": units[primary],
        "units": {nominal_key(value): unit for value, unit in units.items()},
        "corrections": infinity_as_word(corrections),
    }
