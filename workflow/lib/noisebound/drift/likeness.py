"""How alike a scan and those that calibrated are: the verdict, its p-value and the statistics that differ.

Whole scans are the unit of the comparison where enough of them calibrate for the smallest possible p-value to reach the
asked level; otherwise blocks are. A statistic differs where its corrected p-value is at most the level and, for blocks,
its difference is large enough. The verdict is "unlike" where a statistic differs, "too few" where no p-value could
reach the level, and "like" otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..calibration.exchangeability import needed_scans
from .block_table import BlockTable, compared
from .similarity import Comparison, compare_blocks, compare_scans, means_by_field


def likeness(
    reference: BlockTable, table: BlockTable, level: float, difference: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare the blocks of one scan with those of the calibrate regions.

    Parameters
    ----------
    reference, table
        Blocks of the calibrate regions, and of the scan.
    level, difference, draws
        As in ``DriftSettings``.
    rng
        Draws the permutations.

    Returns
    -------
    dict
        Part of ``drift/<scan>.json``: verdict, p-values, numbers of blocks and scans, and ``statistics``, each with its
        corrected p-value, superiority, whether it differs (``told``) and medians over blocks; those that differ first.
    """
    names, calibrated, new = compared(reference, table)
    whole = [number for number in range(len(reference.fields)) if reference.whole[number]]
    enough = needed_scans("scan", 1 - level, 0.5)
    by_scan = compare_scans(means_by_field(calibrated, reference.field, whole), new.mean(axis=0))
    found: Comparison = by_scan if len(whole) >= enough else compare_blocks(calibrated, new, draws, rng)
    gap = np.maximum(found.superiority, 1 - found.superiority)
    matters = gap >= difference if found.unit == "block" else np.ones(len(gap), dtype=bool)
    told = (found.adjusted <= level) & matters
    if told.any():
        verdict = "unlike"
    elif found.resolution is None or found.resolution > level:
        verdict = "too few"
    else:
        verdict = "like"
    order = np.lexsort((-gap, found.adjusted, ~told))
    centres = np.median(calibrated, axis=0), np.median(new, axis=0)
    return {
        "verdict": verdict,
        "unit": found.unit,
        "p": found.p,
        "resolution": found.resolution,
        "scan_p": by_scan.p if len(whole) > 1 else None,
        "n_blocks": len(table),
        "n_calibrate_blocks": len(reference),
        "n_calibrate_scans": len(whole),
        "needed_scans": enough,
        "statistics": [
            {
                "kind": names[i][0],
                "of": names[i][1],
                "p": float(found.adjusted[i]),
                "superiority": float(found.superiority[i]),
                "told": bool(told[i]),
                "here": float(centres[1][i]),
                "calibrated": float(centres[0][i]),
            }
            for i in order
        ],
    }
