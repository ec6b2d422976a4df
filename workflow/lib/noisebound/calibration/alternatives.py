"""Other ways to form the corrections, fitted at the primary coverage for comparison."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from ..files.coverage_key import nominal_key
from .content import infinity_as_word, stored_mode
from .corrections import ModeFitter, fitter_of
from .exchangeability import UNITS, Unit, choose_unit, needed_scans
from .fitted import FittedCorrections
from .modes import OTHERS, Mode
from .rounding import Floats

logger = logging.getLogger("noisebound")


def fit_alternatives(fitted: FittedCorrections, training: Floats | None) -> list[dict[str, Any]]:
    """Fit the modes and units that were not asked for, where they give finite intervals.

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
    possible = {"none": True, "intensity": training is not None, "token": settings.groups == "token"}
    for mode, unit in _alternatives(fitted):
        if possible[mode.groups]:
            found.append(_described(fitter_of(mode, unit, fitted.pixels, training, settings), unit, settings.primary))
            logger.info("fitted for comparison: %s, unit %s", mode.name, unit)
    return found


def _alternatives(fitted: FittedCorrections) -> Iterator[tuple[Mode, Unit]]:
    """Other modes, each with its unit, then other units of the mode that was asked for; all with finite intervals."""
    settings, n_whole = fitted.settings, len(fitted.pixels.whole)
    primary, confidence = settings.primary, settings.confidence
    for other in OTHERS:
        unit = choose_unit(settings.unit, n_whole, primary, confidence, other.sides)
        if other != settings.mode and n_whole >= needed_scans(unit, primary, confidence, other.sides):
            yield other, unit
    for unit in UNITS:
        if unit != fitted.unit and n_whole >= needed_scans(unit, primary, confidence, settings.mode.sides):
            yield settings.mode, unit


def _described(fitter: ModeFitter, unit: Unit, primary: float) -> dict[str, Any]:
    """One entry of "others": a mode with its corrections at the primary coverage."""
    entries = {
        name: fitter.channel(c, {primary: unit}, {})[0][primary] for c, name in enumerate(fitter.pixels.channels)
    }
    return {
        "name": fitter.mode.name,
        **stored_mode(fitter.mode, fitter.groups),
        "unit": unit,
        "corrections": infinity_as_word({nominal_key(primary): entries}),
    }
