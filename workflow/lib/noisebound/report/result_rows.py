"""What the page of a scan and the index both say about the run and its tests, in rows and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..calibration.intervals import Calibration
from ..core.certainty import told_apart, tolerance
from ..files.coverage_key import nominal_key
from .numbers import nominal_percent, percent
from .settings import PageSettings
from .signal_words import signal_promise, signal_words

COVERAGE_KEYS = ("value", "low", "high", "mean_width", "without_atoms", "of_atoms", "atoms", "zero_width", "of_truth")


def shared_content(
    settings: PageSettings, fitted: Calibration, channels: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Gather what the page of a scan and the index both show.

    Parameters
    ----------
    settings
        Wording of the pages.
    fitted
        Calibration of the run.
    channels
        Results on the test regions by channel, as in ``evaluation/summary.json``; empty where nothing was tested.

    Returns
    -------
    dict
        Values for the templates: run_title, combine, value_unit, primary, guarantee, signal_promise, unit_reason,
        target, rows, headline, has_psnr and notes.
    """
    rows = test_rows(channels, fitted.primary, fitted.about_scans or fitted.joint)
    coverage = coverage_words(rows, fitted.primary)
    return {
        "run_title": settings.title,
        "combine": settings.combine,
        "value_unit": settings.intensity_unit,
        "primary": fitted.primary,
        "guarantee": fitted.guarantee,
        "signal_promise": signal_promise(fitted),
        "unit_reason": fitted.content.get("unit_reason"),
        "target": fitted.target,
        "rows": rows,
        "headline": " ".join(
            filter(None, [signal_words(*with_structure(rows), settings.intensity_unit, fitted.primary), coverage])
        )
        or None,
        "has_psnr": shows_psnr(rows),
        "notes": notes(rows),
    }


def overlap_share(error: Mapping[str, Mapping[str, float]]) -> float | None:
    """Compute the error of tiles with a narrow overlap as a share of the interval width, in the worst channel.

    Parameters
    ----------
    error
        ``Predictions.overlap_error``: rms and width by channel.

    Returns
    -------
    float or None
        ``None`` where tiles are exact. Channels without interval width are left out; NaN where no channel has any.
    """
    if not error:
        return None
    return max((of["rms"] / of["width"] for of in error.values() if of["width"] > 0), default=math.nan)


def explanations(entry: Any) -> list[str]:
    """Collect all texts under the keys "explanation" and "explanations", at any depth of nested mappings.

    Parameters
    ----------
    entry
        A part of ``evaluation/summary.json``.

    Returns
    -------
    list of str
        The texts in their order, each once.
    """
    found: list[str] = []
    if isinstance(entry, Mapping):
        for key, value in entry.items():
            if key in ("explanation", "explanations"):
                found += [value] if isinstance(value, str) else [str(v) for v in value or []]
            else:
                found += explanations(value)
    return [text for text in dict.fromkeys(found) if text]


def shows_psnr(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the table of test results shows the PSNR.

    PSNR contains the noise of the reference. It is shown only if some channel has a PSNR and no error without this
    noise.

    Parameters
    ----------
    rows
        What :func:`test_rows` returns.

    Returns
    -------
    bool
        True where it is shown.
    """
    return any(row["psnr"] is not None and row["rmse_noise_removed"] is None for row in rows)


def notes(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Sort the explanations of the channels by whether the channel misses its coverage.

    Parameters
    ----------
    rows
        What :func:`test_rows` returns.

    Returns
    -------
    dict
        "missed" and "held": lists of pairs of channel and explanation.
    """
    found: dict[str, list[tuple[str, str]]] = {"missed": [], "held": []}
    for row in rows:
        found["missed" if row["missed"] else "held"] += [(row["name"], text) for text in row["explanations"]]
    return found


def test_rows(channels: Mapping[str, Mapping[str, Any]], primary: float, more_allowed: bool) -> list[dict[str, Any]]:
    """Make the rows of the table about the test region, one per channel.

    Parameters
    ----------
    channels
        Results by channel, as in ``evaluation/summary.json``.
    primary
        Nominal coverage of the delivered intervals.
    more_allowed
        Whether a coverage above ``primary`` is not counted as missed: where the guarantee is about scans, or about all
        channels at once.

    Returns
    -------
    list of dict
        Each has name, coverage (``COVERAGE_KEYS``), the errors in the summary, error_ratio (squared error over that of
        the best Gaussian filter, ``None`` where it is not known) with its 95 % interval error_ratio_low and
        error_ratio_high (``None`` without), told (whether 1 lies outside, ``None`` without interval),
        structured, n_pixels, n_blocks, resampled ("blocks" or "scans"), missed (coverage off by
        more than ``core.certainty.tolerance``) and explanations.
    """
    rows = []
    for name, entry in channels.items():
        coverage = entry.get("coverage", {}).get(nominal_key(primary), {})
        value = coverage.get("value")
        near = tolerance(primary)
        above = value is not None and value > primary + near
        rows.append(
            {
                "name": name,
                "coverage": {key: coverage.get(key) for key in COVERAGE_KEYS},
                **_errors(entry),
                "signal": _signal(entry, primary),
                "structured": bool(entry.get("structured", True)),
                "n_pixels": entry.get("n_pixels"),
                "n_blocks": entry.get("n_blocks"),
                "resampled": entry.get("resampled") or "blocks",
                "missed": value is not None and (value < primary - near or (above and not more_allowed)),
                "explanations": explanations(entry),
            }
        )
    return rows


def _signal(entry: Mapping[str, Any], primary: float) -> dict[str, Any] | None:
    """The interval for the signal at the primary coverage: half width, error_ratio with its ends, of_truth; or None."""
    signal = entry.get("signal") or {}
    own = signal.get("coverage", {}).get(nominal_key(primary))
    if own is None or own["mean_width"] is None:
        return None
    errors = {key: signal.get(key) for key in ("error_ratio", "error_low", "error_high")}
    return {"half": own["mean_width"] / 2, "of_truth": own["of_truth"], **errors}


def _errors(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The errors of a channel, and the ratio of its squared error to that of the best Gaussian filter.

    The noise of the reference is removed from both squared errors, or from neither where it is not known for both.
    """
    gaussian = entry.get("gaussian") or {}
    known = isinstance(gaussian.get("mse_noise_removed"), int | float) and entry.get("rmse_noise_removed") is not None
    suffix = "_noise_removed" if known else ""
    rmse = entry.get(f"rmse{suffix}")
    squared = entry.get(f"mse{suffix}", rmse**2 if isinstance(rmse, int | float) else None)
    return {
        **{key: entry.get(key) for key in ("rmse", "bias", "bias_of_mean", "target_mean", "correlation", "psnr")},
        "rmse_noise_removed": rmse if known else None,
        "gaussian_psnr": gaussian.get("psnr"),
        "gaussian_sigma": gaussian.get("sigma"),
        "error_ratio": _quotient(squared, gaussian.get(f"mse{suffix}")),
        "error_ratio_low": entry.get("ratio_to_gaussian_low"),
        "error_ratio_high": entry.get("ratio_to_gaussian_high"),
        "told": told_apart(entry.get("ratio_to_gaussian_low"), entry.get("ratio_to_gaussian_high")),
    }


def _quotient(a: Any, b: Any) -> float | None:
    """``a / b``; ``None`` where one is not known, or where removing the noise left ``a < 0`` or ``b <= 0``."""
    return a / b if isinstance(a, int | float) and isinstance(b, int | float) and a >= 0 and b > 0 else None


def coverage_words(rows: Sequence[Mapping[str, Any]], primary: float) -> str | None:
    """State the observed coverage of the channels with structure in one sentence.

    Parameters
    ----------
    rows
        What :func:`test_rows` returns.
    primary
        Nominal coverage of the delivered intervals.

    Returns
    -------
    str or None
        ``None`` where no coverage was observed.
    """
    rows, among = with_structure(rows)
    known = [(row["coverage"]["value"], row["name"]) for row in rows if row["coverage"]["value"] is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    kind = "repeat " if any(row.get("signal") for row in rows) else ""
    inside = f"of the reference pixels in the test region lie inside the {nominal_percent(primary)} {kind}intervals"
    words = f"between {percent(low[0])} ({low[1]}) and {percent(high[0])} ({high[1]}) {inside}."
    if percent(low[0]) == percent(high[0]):
        words = f"{percent(low[0])} {inside}."
    return f"In {among}, {words}" if among else words[0].upper() + words[1:]


def with_structure(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], str]:
    """Choose the rows that a headline is about: channels with structure, or all channels where none has any.

    Parameters
    ----------
    rows
        What :func:`test_rows` returns.

    Returns
    -------
    rows : list
        The chosen rows.
    among : str
        Which channels these are, in words; empty where no row is left out.
    """
    chosen = [row for row in rows if row["structured"]]
    if not chosen or len(chosen) == len(rows):
        return list(rows), ""
    return chosen, f"the {'channel' if len(chosen) == 1 else f'{len(chosen)} channels'} with structure"
