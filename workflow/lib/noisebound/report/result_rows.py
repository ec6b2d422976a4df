"""The rows and sentences about test results that both kinds of page share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..files.coverage_key import nominal_key
from .numbers import nominal_percent, percent

TOLERANCE = 0.02
COVERAGE_KEYS = ("value", "low", "high", "mean_width", "without_atoms", "of_atoms", "atoms", "zero_width", "of_truth")


def overlap_share(error: Mapping[str, Mapping[str, float]]) -> float | None:
    """Error of narrow tiles (``Predictions.overlap_error``) in the worst channel, as a share of the interval's width.

    ``None`` where tiles are exact, NaN where an interval has no width.
    """
    shares = [of["rms"] / of["width"] if of["width"] > 0 else math.nan for of in error.values()]
    return max(shares) if shares else None


def explanations(entry: Any) -> list[str]:
    """All texts under keys "explanation" or "explanations" in an entry of the summary, in order, each once."""
    found: list[str] = []
    if isinstance(entry, Mapping):
        for key, value in entry.items():
            if key in ("explanation", "explanations"):
                found += [value] if isinstance(value, str) else [str(v) for v in value or []]
            else:
                found += explanations(value)
    return [text for text in dict.fromkeys(found) if text]


def shows_psnr(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether PSNR says something: not where the reference's own noise, which it cannot leave out, is known."""
    return any(row["psnr"] is not None and row["rmse_noise_removed"] is None for row in rows)


def notes(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """The explanations of ``test_rows``, those of channels that miss their coverage apart from the others."""
    found: dict[str, list[tuple[str, str]]] = {"missed": [], "held": []}
    for row in rows:
        found["missed" if row["missed"] else "held"] += [(row["name"], text) for text in row["explanations"]]
    return found


def _quotient(a: Any, b: Any) -> float | None:
    # An estimated error below zero is lost in the noise that was taken off.
    return a / b if isinstance(a, int | float) and isinstance(b, int | float) and a >= 0 and b > 0 else None


def test_rows(channels: Mapping[str, Mapping[str, Any]], primary: float, about_scans: bool) -> list[dict[str, Any]]:
    """Rows of the table about the test region, one per channel, from the ``channels`` of the summary.

    Each has name, coverage (COVERAGE_KEYS), rmse, bias, bias_of_mean, target_mean, correlation, psnr,
    gaussian_psnr, error_ratio (squared error, the reference's noise removed where it is known, over that of the best
    Gaussian filter; None where unknown), structured, missed (coverage off by more than TOLERANCE, or only below where
    the promise is ``about_scans`` and covers more) and explanations.
    """
    rows = []
    for name, entry in channels.items():
        coverage = entry.get("coverage", {}).get(nominal_key(primary), {})
        value = coverage.get("value")
        above = value is not None and value > primary + TOLERANCE
        gaussian = entry.get("gaussian") or {}
        # Both errors lose the noise of the reference where it is known, or neither does.
        known = (
            isinstance(gaussian.get("mse_noise_removed"), int | float) and entry.get("rmse_noise_removed") is not None
        )
        suffix = "_noise_removed" if known else ""
        rmse = entry.get(f"rmse{suffix}")
        squared = entry.get(f"mse{suffix}", rmse**2 if isinstance(rmse, int | float) else None)
        rows.append(
            {
                "name": name,
                "coverage": {key: coverage.get(key) for key in COVERAGE_KEYS},
                "rmse": entry.get("rmse"),
                "rmse_noise_removed": rmse if known else None,
                "bias": entry.get("bias"),
                "bias_of_mean": entry.get("bias_of_mean"),
                "target_mean": entry.get("target_mean"),
                "correlation": entry.get("correlation"),
                "psnr": entry.get("psnr"),
                "gaussian_psnr": gaussian.get("psnr"),
                "gaussian_sigma": gaussian.get("sigma"),
                "error_ratio": _quotient(squared, gaussian.get(f"mse{suffix}")),
                "structured": bool(entry.get("structured", True)),
                "n_pixels": entry.get("n_pixels"),
                "n_blocks": entry.get("n_blocks"),
                "resampled": entry.get("resampled") or "blocks",
                "missed": value is not None and (value < primary - TOLERANCE or (above and not about_scans)),
                "explanations": explanations(entry),
            }
        )
    return rows


def coverage_words(rows: Sequence[Mapping[str, Any]], primary: float) -> str | None:
    """The observed coverage of channels with structure in one sentence, ``None`` where none was observed."""
    rows, among = with_structure(rows)
    known = [(row["coverage"]["value"], row["name"]) for row in rows if row["coverage"]["value"] is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    inside = f"of the reference pixels in the test region lie inside the {nominal_percent(primary)} intervals"
    words = f"between {percent(low[0])} ({low[1]}) and {percent(high[0])} ({high[1]}) {inside}."
    if percent(low[0]) == percent(high[0]):
        words = f"{percent(low[0])} {inside}."
    return f"In {among}, {words}" if among else words[0].upper() + words[1:]


def with_structure(rows: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], str]:
    """The rows of ``test_rows`` that a headline is about, and in words which those are where others are left out."""
    chosen = [row for row in rows if row["structured"]]
    if not chosen or len(chosen) == len(rows):
        return list(rows), ""
    return chosen, f"the {'channel' if len(chosen) == 1 else f'{len(chosen)} channels'} with structure"
