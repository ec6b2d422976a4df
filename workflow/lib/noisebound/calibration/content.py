"""What ``calibration.json`` holds: the corrections, what they rest on, and what they promise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..files.coverage_key import nominal_key
from .channel_structure import channel_structure, noisy_scale
from .explain_unit import explain_choice
from .field_pixels import CalibrationPixels
from .fitted import FittedCorrections
from .groups import PixelGroups
from .median_to_mean import fit_mean, shrink_shift
from .modes import Mode
from .promise import promise, target_in_words


def calibration_content(
    fitted: FittedCorrections,
    alternatives: Sequence[Mapping[str, Any]],
    counts: bool,
    signal: tuple[Mapping[str, Any] | None, str] = (None, ""),
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
    signal
        What ``fit_signal`` returns: the intervals for the signal, or why there are none.

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
        **_about_channels(pixels, counts),
        "signal": signal[0],
        "signal_missing": signal[1],
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


def _about_channels(pixels: CalibrationPixels, counts: bool) -> dict[str, Any]:
    """What is known of each channel by itself: "mean", "structure" and, for counts, "noisy_scale"."""
    found: dict[str, dict[str, Any]] = {"mean": {}, "structure": {}, **({"noisy_scale": {}} if counts else {})}
    blocks = pixels.blocks
    for c, name in enumerate(pixels.channels):
        median, target = pixels.median(c), pixels.target(c)
        found["mean"][name] = shrink_shift(fit_mean(median, target), median, target, blocks)
        found["structure"][name] = channel_structure(median, target)
        if counts:
            found["noisy_scale"][name] = noisy_scale(pixels, c)
    return found


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
