"""Realised precision of decisions: the share of pixels declared above or below a threshold that really are.

A decision about the signal can be judged by the truth of simulated scans. On measured ones there is only the reference,
whose noise throws pixels back over the threshold. So beside the share of references on the declared side stands the
share that is expected if the signal lies where its intervals say: far fewer would mean that decisions are wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from ..calibration.intervals import Calibration
from ..decisions.exceedance import ABOVE, BELOW, decide, decided_of
from .columns import COLUMNS
from .held_out import HeldOut
from .metrics import ratio
from .shares import shares
from .signal_coverage import bound_coverage

# The bound that decides on each side.
_BOUND_OF = {"above": "lower", "below": "upper"}


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
        Two rows per entry: name, channel, threshold, confidence, side (above or below), of (signal or repeat), against
        (truth or reference: what is looked up), precision with its 95 % interval low and high, declared (share of all
        pixels), n_pixels, n_blocks; expected, the share expected of references, for decisions about the signal; and
        bound_coverage, that of the bound that decides, over all pixels (of the true signal, if that is decided about).
    """
    rows = []
    for entry in exceed:
        c, threshold = calibration.channels.index(entry["channel"]), float(entry["above"])
        maps = [declared_map(calibration, entry, region, c) for region in regions]
        total = sum(region.target[c].size for region in regions)
        of = decided_of(calibration, entry)
        truth = of == "signal" and all(region.truth is not None for region in regions)
        for side, declared in (("above", ABOVE), ("below", BELOW)):
            true = [(_looked_up(r, c, truth) > threshold) == (side == "above") for r in regions]
            groups = [np.where(picked == declared, 0, -1) for picked in maps]
            result = shares(regions, true, groups, 1)
            about = {"name": entry["name"], "channel": entry["channel"], "threshold": threshold, "side": side}
            about |= {"confidence": float(entry["confidence"]), "of": of, "against": "truth" if truth else "reference"}
            bounds = bound_coverage(regions, calibration, c, about["confidence"], of)
            beside_noise = of == "signal" and not truth
            rows.append(
                {
                    **about,
                    "expected": _expected(regions, calibration, about, groups) if beside_noise else math.nan,
                    "bound_coverage": bounds[f"{_BOUND_OF[side]}_bound_coverage"],
                    "declared": int(result["n_pixels"][0]) / total,
                    **_numbers(result),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS["decisions"])


def _numbers(result: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """What ``shares`` found, as columns."""
    shares_of_it = {"precision": "share", "low": "low", "high": "high"}
    numbers: dict[str, Any] = {name: float(result[key][0]) for name, key in shares_of_it.items()}
    return numbers | {name: int(result[name][0]) for name in ("n_pixels", "n_blocks")}


def _looked_up(region: HeldOut, c: int, truth: bool) -> NDArray[np.float32]:
    """What is compared with the threshold, (R, *box): the truth, or the targets."""
    if not truth:
        return region.target[c]
    assert region.truth is not None
    return np.broadcast_to(region.truth[c], region.target[c].shape)


def _expected(
    regions: Sequence[HeldOut], calibration: Calibration, about: Mapping[str, Any], groups: Sequence[NDArray[Any]]
) -> float:
    """Share of the declared pixels whose reference is expected on the declared side, its noise included."""
    assert calibration.signal is not None
    c = calibration.channels.index(about["channel"])
    chance, pixels = 0.0, 0
    for region, group in zip(regions, groups, strict=True):
        if region.noise is None or region.slope is None:
            return math.nan
        spread = calibration.signal[c].spread(region.median[c], region.slope[c])
        wide = np.sqrt(np.square(spread) + np.maximum(region.noise[c], np.finfo(np.float32).tiny))
        above = ndtr((region.median[c] - about["threshold"]) / wide)
        declared = group == 0
        chance += float((above if about["side"] == "above" else 1 - above)[declared].sum())
        pixels += int(declared.sum())
    return ratio(chance, pixels)


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
    slope = None if region.slope is None else region.slope[c]
    quantiles = region.lower[c], region.median[c], region.upper[c]
    return decide(calibration, entry, quantiles, region.tokens, slope).decided
