"""Fitting ``calibration.json``: what the predicted intervals need to cover the reference at a stated rate.

The parts, in the way of the data: ``calibration_pixels`` reads the calibrate regions, ``calibration_modes`` says how
scores can be formed, ``pixel_groups`` which pixels share a correction, ``calibration_corrections`` turns scores into
corrections by the rules of ``conformal``, for pixels or for scans as ``exchangeability`` explains, ``median_to_mean``
fits the estimate of the mean, and ``calibration_words`` says what is promised.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError
from ..core.storage import write_json
from ..files.coverage_key import nominal_key
from ..latent.sample import load_sample
from .conformal import Floats, Score
from .corrections import Entry, ModeFitter
from .exchangeability import UNITS, Unit, check_scans, choose_unit, choose_units, explain_choice, needed_scans
from .groups import UNSEEN, PixelGroups, bins_of_intensity, frequent_tokens
from .median_to_mean import fit_mean
from .modes import OTHERS, Mode, check_word
from .pixels import CalibrationPixels, read_calibration_pixels
from .promise import Promise

logger = logging.getLogger("noisebound")
UNIT_KEYS = ("auto", "pixel", "scan", "pac")


def fit_calibration(
    ensembles: Sequence[str | Path],
    scans: Sequence[str | Path],
    regions: Sequence[str | Path],
    output: str | Path,
    *,
    nominal: Sequence[float],
    primary: float,
    score: Score = "symmetric",
    scale: str = "none",
    groups: str = "none",
    bins: int = 5,
    smallest_group: int = 1000,
    ties: str = "cover",
    confidences: Sequence[float] = (),
    counts: bool = False,
    unit: str = "auto",
    confidence: float = 0.95,
    block: int = 16,
    sample: str | Path | None = None,
    tokens: Sequence[str | Path] = (),
) -> None:
    """Fit the corrections on the calibrate regions of all scans and write ``calibration.json``.

    ``ensembles``, ``scans`` and ``regions`` are parallel lists of files. ``confidences`` are those of one-sided bounds;
    ``counts`` puts a floor of 0 under the intervals; ``block`` (px) only states how many roughly independent places
    there were. ``unit`` is auto, pixel, scan or pac (see ``exchangeability``), ``confidence`` that of pac. For the
    units scan and pac, only scans that served calibration as a whole count, repeats of one group as one.

    ``groups`` "intensity" gives each bin of the predicted median its own corrections, with ``bins`` bins at quantiles
    of the training pixels in ``sample`` (``latent/sample.npz``); "token" each token, from the label TIFFs ``tokens``,
    named <scan>.tif. A token map belongs to the delivered frame alone, so only that frame is then used: under
    leave-one-out, the others have it in their target.

    The corrections of other modes at the primary coverage are written beside, as "others", for comparison.

    Raises ``InputError`` where no scan has calibrate regions, one that has lacks a reference, channels differ, or the
    unit asked for takes more scans than there are.
    """
    mode = Mode(score, scale, groups, ties)
    _check_settings(nominal, primary, mode, unit, confidences, confidence)
    if groups == "intensity" and sample is None:
        raise InputError(
            "bins of intensity are those of training pixels, and none are given",
            key="calibration.groups",
            value=groups,
            remedy="give latent/sample.npz",
        )
    maps = {Path(path).stem: path for path in tokens} if groups == "token" else None
    pixels = read_calibration_pixels(ensembles, scans, regions, block, maps)
    n_whole = len(pixels.whole)
    asked = {"calibration.nominal": nominal, "decisions.exceed.confidence": confidences}
    check_scans(unit, n_whole, asked, confidence, mode.sides)
    units = choose_units(unit, n_whole, nominal, primary, confidence, mode.sides)
    bound_units = choose_units(unit, n_whole, confidences, primary, confidence)
    training = None if sample is None else load_sample(sample).medians

    def fitter(of: Mode, primary_unit: Unit) -> ModeFitter:
        grouped = _group(pixels, of.groups, primary_unit, bins, smallest_group, training)
        return ModeFitter(pixels, of, grouped, confidence)

    chosen = fitter(mode, units[primary])
    tables: dict[str, dict[str, dict[str, Entry]]] = {
        "nominal": {nominal_key(value): {} for value in nominal},
        "confidence": {nominal_key(value): {} for value in confidences},
    }
    for c, name in enumerate(pixels.channels):
        for table, found in zip(tables.values(), chosen.channel(c, units, bound_units), strict=True):
            for value, entry in found.items():
                table[nominal_key(value)][name] = entry
    infinite = _infinite(tables, pixels.channels)
    for words in infinite:
        logger.warning("too few calibration pixels for %s: the interval is infinite", words)

    others = []
    for other, other_unit in _beside(mode, unit, units[primary], n_whole, primary, confidence):
        if {"none": True, "intensity": sample is not None, "token": groups == "token"}[other.groups]:
            others.append(_describe(fitter(other, other_unit), other_unit, primary))
            logger.info("fitted for comparison: %s, unit %s", other.name, other_unit)

    promise = Promise(
        pixels,
        mode,
        primary,
        units=units,
        bounds=bound_units,
        confidence=confidence,
        block=block,
        smallest=smallest_group,
        borrowed=_borrowed(tables, chosen.groups),
        infinite=infinite,
    )
    write_json(
        output,
        {
            "unit": unit,
            "units": {nominal_key(value): taken for value, taken in units.items()},
            "unit_reason": explain_choice(unit, n_whole, units, confidence, mode.sides),
            "confidence": float(confidence),
            **_as_stored(mode, chosen.groups),
            "mode": mode.name,
            "levels": list(pixels.levels),
            "channels": list(pixels.channels),
            "nominal": [float(value) for value in nominal],
            "primary": float(primary),
            "floor": 0.0 if counts else None,
            "corrections": _plain(tables["nominal"]),
            "one_sided": _plain(tables["confidence"]),
            "one_sided_units": {nominal_key(value): taken for value, taken in bound_units.items()},
            "mean": {name: fit_mean(pixels.median(c), pixels.target(c)) for c, name in enumerate(pixels.channels)},
            "others": others,
            "target": promise.target,
            "guarantee": promise.in_words(),
            "sources": pixels.sources,
            "n_scans": len(pixels.sources),
            "n_whole_scans": n_whole,
            "n_blocks": pixels.n_blocks,
            "block": int(block),
            "n_frames": pixels.n_frames,
            "n_pixels": pixels.n_pixels,
        },
    )


def _check_settings(
    nominal: Sequence[float], primary: float, mode: Mode, unit: str, levels: Sequence[float], confidence: float
) -> None:
    for key, values in (
        ("calibration.nominal", nominal),
        ("decisions.exceed.confidence", levels),
        ("calibration.confidence", [confidence]),
    ):
        for value in values:
            if not 0 < value < 1:
                raise InputError("not a probability", key=key, value=value, remedy="give numbers between 0 and 1")
    if nominal_key(primary) not in map(nominal_key, nominal):
        raise InputError(
            f"not among calibration.nominal {list(nominal)}",
            key="calibration.primary",
            value=primary,
            remedy="add it to calibration.nominal",
        )
    mode.check()
    check_word("unit", unit, UNIT_KEYS)


def _group(
    pixels: CalibrationPixels, kind: str, unit: Unit, bins: int, smallest: int, training: Floats | None
) -> PixelGroups:
    """Groups of a ``kind`` large enough among the pixels that a ``unit`` counts: all, or those of whole scans."""
    eligible = pixels.counted(unit)
    if kind == "token":
        return frequent_tokens(pixels.channels, np.concatenate([own.all_tokens() for own in eligible]), smallest)
    if kind == "intensity":
        assert training is not None
        channels = range(len(pixels.channels))
        medians = (np.concatenate([own.median(c) for own in eligible]) for c in channels)
        return bins_of_intensity(pixels.channels, training, medians, bins, smallest)
    return PixelGroups()


def _beside(
    mode: Mode, asked: str, chosen: Unit, n_whole: int, primary: float, confidence: float
) -> Iterator[tuple[Mode, Unit]]:
    """What is fitted beside a ``mode`` for comparison, where it is finite: other modes, then other units of its own."""
    for other in OTHERS:
        unit = choose_unit(asked, n_whole, primary, confidence, other.sides)
        if other != mode and n_whole >= needed_scans(unit, primary, confidence, other.sides):
            yield other, unit
    for unit in UNITS:
        if unit != chosen and n_whole >= needed_scans(unit, primary, confidence, mode.sides):
            yield mode, unit


def _describe(fitter: ModeFitter, unit: Unit, primary: float) -> dict[str, Any]:
    """One entry of "others": a mode with its corrections at the primary coverage."""
    entries = {
        name: fitter.channel(c, {primary: unit}, {})[0][primary] for c, name in enumerate(fitter.pixels.channels)
    }
    return {
        "name": fitter.mode.name,
        **_as_stored(fitter.mode, fitter.groups),
        "unit": unit,
        "corrections": _plain({nominal_key(primary): entries}),
    }


def _as_stored(mode: Mode, groups: PixelGroups) -> dict[str, Any]:
    """What ``calibration.Calibration`` must know of a mode to apply its corrections."""
    return {"score": mode.score, "scale": mode.scale, "groups": groups.spec, "ties": mode.random_ties}


def _infinite(tables: Mapping[str, Mapping[str, Mapping[str, Entry]]], channels: Sequence[str]) -> list[str]:
    """In words, at which coverages (of ``tables``, by kind, coverage and channel) too few pixels leave no interval."""
    return [
        f"{kind} {value} in channel {name}"
        for name in channels
        for kind, table in tables.items()
        for value, entries in table.items()
        if entries[name]["k"] > entries[name]["n"]
    ]


def _borrowed(tables: Mapping[str, Mapping[str, Mapping[str, Entry]]], groups: PixelGroups) -> dict[str, list[str]]:
    """By group, where it takes the correction of all pixels."""
    found: dict[str, list[str]] = {}
    for channel, names in groups.names.items():
        for kind, table in tables.items():
            for value, entries in table.items():
                at = f"{kind} {value}"
                for group, part in zip(names, entries[channel]["groups"], strict=True):
                    if part.get("of_all") and group != UNSEEN and at not in found.get(group, []):
                        found.setdefault(group, []).append(at)
    return found


def _plain(content: Any) -> Any:
    """JSON has no infinity: it is written as a word."""
    if isinstance(content, Mapping):
        return {key: _plain(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_plain(value) for value in content]
    return "inf" if content == math.inf else "-inf" if content == -math.inf else content
