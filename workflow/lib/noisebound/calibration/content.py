"""What ``calibration.json`` holds: the corrections, what they rest on, and what they promise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..files.coverage_key import nominal_key
from .explain_unit import explain_choice
from .fitted import FittedCorrections
from .groups import PixelGroups
from .median_to_mean import fit_mean
from .modes import Mode
from .promise import promise, target_in_words


def calibration_content(
    fitted: FittedCorrections, alternatives: Sequence[Mapping[str, Any]], counts: bool
) -> dict[str, Any]:
    """Make the content of ``calibration.json`` (see ``calibration_file``).

    Parameters
    ----------
    fitted
        The corrections that were asked for.
    alternatives
        Entries of "others".
    counts
        Whether the reference counts events, so that no interval end lies below 0.

    Returns
    -------
    dict
        Plain values, ready for JSON.
    """
    settings, pixels = fitted.settings, fitted.pixels
    n_whole, mode = len(pixels.whole), settings.mode
    return {
        "unit": settings.unit,
        "units": {nominal_key(value): taken for value, taken in fitted.units.items()},
        "unit_reason": explain_choice(settings.unit, n_whole, fitted.units, settings.confidence, mode.sides),
        "confidence": float(settings.confidence),
        **stored_mode(mode, fitted.groups),
        "mode": mode.name,
        "levels": list(pixels.levels),
        "channels": list(pixels.channels),
        "nominal": [float(value) for value in settings.nominal],
        "primary": float(settings.primary),
        "floor": 0.0 if counts else None,
        "corrections": infinity_as_word(fitted.tables["nominal"]),
        "one_sided": infinity_as_word(fitted.tables["confidence"]),
        "one_sided_units": {nominal_key(value): taken for value, taken in fitted.bound_units.items()},
        "mean": {name: fit_mean(pixels.median(c), pixels.target(c)) for c, name in enumerate(pixels.channels)},
        "others": list(alternatives),
        "target": target_in_words(pixels),
        "guarantee": promise(fitted),
        "sources": pixels.sources,
        "n_scans": len(pixels.sources),
        "n_whole_scans": n_whole,
        "n_blocks": pixels.n_blocks,
        "block": int(settings.block),
        "n_frames": pixels.n_frames,
        "n_pixels": pixels.n_pixels,
    }


def stored_mode(mode: Mode, groups: PixelGroups) -> dict[str, Any]:
    """Describe a mode as ``intervals.Calibration`` needs it to apply the corrections.

    Parameters
    ----------
    mode
        How scores are formed.
    groups
        The groups that were fitted.

    Returns
    -------
    dict
        score, scale, groups (see :class:`noisebound.calibration.groups.PixelGroups`), ties (whether at random) and
        joint (whether all channels share one score).
    """
    return {
        "score": mode.score,
        "scale": mode.scale,
        "groups": groups.spec,
        "ties": mode.random_ties,
        "joint": mode.joint,
    }


def infinity_as_word(content: Any) -> Any:
    """Replace infinite numbers, which JSON does not have, by "inf" and "-inf"; ``float`` reads these words back.

    Parameters
    ----------
    content
        A value, or mappings and lists of values at any depth.

    Returns
    -------
    object
        The same structure with words.
    """
    if isinstance(content, Mapping):
        return {key: infinity_as_word(value) for key, value in content.items()}
    if isinstance(content, list):
        return [infinity_as_word(value) for value in content]
    return "inf" if content == math.inf else "-inf" if content == -math.inf else content
