"""Realised precision of decisions: the share of pixels declared above or below a threshold that really are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..calibration.intervals import Calibration
from ..decisions.exceedance import ABOVE, BELOW, decide
from .columns import COLUMNS
from .held_out import HeldOut
from .shares import shares


def realised_precision(
    regions: Sequence[HeldOut],
    calibration: Calibration,
    exceed: Sequence[Mapping[str, Any]],
) -> pd.DataFrame:
    """Measure how often a pixel declared above (or below) a threshold really is, over all frames of the test regions.

    One-sided bounds hold for pixels taken together. Pixels whose bound crosses a threshold are a selection of them, so
    no confidence holds for these; only the realised share can be stated.

    Parameters
    ----------
    regions
        Held-out regions.
    calibration
        The corrections.
    exceed
        Entries of ``decisions.exceed``.

    Returns
    -------
    DataFrame
        Two rows per entry: name, channel, threshold, confidence, side (above or below), precision with its 95 %
        interval low and high, declared (share of all pixels), n_pixels, n_blocks.
    """
    rows = []
    for entry in exceed:
        c, threshold = calibration.channels.index(entry["channel"]), float(entry["above"])
        maps = [declared_map(calibration, entry, region, c) for region in regions]
        total = sum(region.target[c].size for region in regions)
        for side, declared in (("above", ABOVE), ("below", BELOW)):
            true = [(r.target[c] > threshold) == (side == "above") for r in regions]
            groups = [np.where(picked == declared, 0, -1) for picked in maps]
            result = shares(regions, true, groups, 1)
            pixels = int(result["n_pixels"][0])
            rows.append(
                {
                    "name": entry["name"],
                    "channel": entry["channel"],
                    "threshold": threshold,
                    "confidence": float(entry["confidence"]),
                    "side": side,
                    "precision": float(result["share"][0]),
                    "low": float(result["low"][0]),
                    "high": float(result["high"][0]),
                    "declared": pixels / total,
                    "n_pixels": pixels,
                    "n_blocks": int(result["n_blocks"][0]),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS["decisions"])


def declared_map(calibration: Calibration, entry: Mapping[str, Any], region: HeldOut, c: int) -> NDArray[np.uint8]:
    """Decide about every pixel of a held-out region, as about the delivered image.

    Parameters
    ----------
    calibration
        The calibration.
    entry
        Entry of ``decisions.exceed``.
    region
        The held-out region.
    c
        Number of the entry's channel.

    Returns
    -------
    ndarray
        Map of :func:`noisebound.decisions.exceedance.exceedance`, uint8 (R, *box).
    """
    slope = np.zeros_like(region.median[c]) if region.slope is None else region.slope[c]
    quantiles = region.lower[c], region.median[c], region.upper[c]
    return decide(calibration, entry, quantiles, region.tokens, slope).decided
