"""How alike a scan and those that calibrated are: the verdict, its p-value and the statistics that differ.

Whole scans are the unit of the comparison where enough of them calibrate for the smallest possible p-value to reach the
asked level; otherwise blocks are. Three tests of blocks share the level: of the middle of all blocks (half of it), of
blocks beyond all calibrated ones (a quarter), and of the dose (a quarter). The verdict is "unlike" where a test speaks,
"too few" where the first could never reach its level, and "like" otherwise.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from scipy.stats import t as student

from ..calibration.exchangeability import needed_scans
from .block_errors import error_of_difference
from .block_statistics import Doubles
from .block_table import BlockTable, compared
from .dose import SMALLEST, compare_dose, dose_index
from .exceedance import compare_extremes, fewest_beyond
from .similarity import Comparison, compare_blocks, compare_scans, means_by_field

# Shares of the level where blocks are the unit.
MIDDLE, BEYOND, DOSE = 0.5, 0.25, 0.25
# Statistics that are listed with blocks beyond all calibrated ones.
_LISTED = 3


def likeness(
    reference: BlockTable,
    table: BlockTable,
    level: float,
    difference: float,
    draws: int,
    rng: np.random.Generator,
    counts: bool = False,
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
    counts
        Whether values are counts, so that the dose can be compared.

    Returns
    -------
    dict
        Part of ``drift/<scan>.json``: verdict, p-values, numbers of blocks and scans, and ``statistics``, each with its
        corrected p-value, superiority, whether it differs (``told``) and medians over blocks; those that differ first.
        ``exceedance`` and ``dose`` where blocks are the unit, else None; see :func:`_exceedance` and :func:`_dose`.
    """
    names, calibrated, new = compared(reference, table)
    whole = [number for number in range(len(reference.fields)) if reference.whole[number]]
    enough = needed_scans("scan", 1 - level, 0.5)
    if counts and len(whole) >= enough:
        names, calibrated, new = _with_dose(names, calibrated, new, (reference, table))
    by_scan = compare_scans(means_by_field(calibrated, reference.field, whole), new.mean(axis=0))
    found: Comparison = by_scan if len(whole) >= enough else compare_blocks(calibrated, new, draws, rng)
    blocks = found.unit == "block"
    own_level = MIDDLE * level if blocks else level
    told = found.adjusted <= own_level
    if blocks:
        gap = np.maximum(found.superiority, 1 - found.superiority)
        told &= (gap >= difference) & _beyond_neighbours(calibrated, reference.field, new, own_level)
    extremes = _exceedance(names, calibrated, new, BEYOND * level) if blocks else None
    dose = _dose(reference, table, DOSE * level) if blocks and counts else None
    too_few = found.resolution is None or found.resolution > own_level
    unlike = told.any() or any(test is not None and test["told"] for test in (extremes, dose))
    return {
        "verdict": "unlike" if unlike else "too few" if too_few else "like",
        "unit": found.unit,
        "p": found.p,
        "resolution": found.resolution,
        "scan_p": by_scan.p if len(whole) > 1 else None,
        "n_blocks": len(table),
        "n_calibrate_blocks": len(reference),
        "n_calibrate_scans": len(whole),
        "needed_scans": enough,
        "exceedance": extremes,
        "dose": dose,
        "statistics": _statistics(names, found, told, (np.median(calibrated, axis=0), np.median(new, axis=0))),
    }


def _with_dose(
    names: list[tuple[str, str]], calibrated: Doubles, new: Doubles, tables: tuple[BlockTable, BlockTable]
) -> tuple[list[tuple[str, str]], Doubles, Doubles]:
    """Names and values of the statistics, and the index of the dose as a further one."""
    index = dose_index(np.concatenate([table.image[:, :, 0] for table in tables]))[:, None]
    n = len(calibrated)
    return [*names, ("dose", "")], np.hstack([calibrated, index[:n]]), np.hstack([new, index[n:]])


def _statistics(
    names: list[tuple[str, str]], found: Comparison, told: NDArray[np.bool_], centres: tuple[Doubles, Doubles]
) -> list[dict[str, Any]]:
    """All statistics, those that are ``told`` first; ``centres`` are medians over calibrated and over new blocks."""
    gap = np.maximum(found.superiority, 1 - found.superiority)
    return [
        {
            "kind": names[i][0],
            "of": names[i][1],
            "p": float(found.adjusted[i]),
            "superiority": float(found.superiority[i]),
            "told": bool(told[i]),
            "here": float(centres[1][i]),
            "calibrated": float(centres[0][i]),
        }
        for i in np.lexsort((-gap, found.adjusted, ~told))
    ]


def _beyond_neighbours(
    calibrated: Doubles, field: NDArray[np.integer], new: Doubles, level: float
) -> NDArray[np.bool_]:
    """Statistics (F,) that differ although blocks may resemble their neighbours: by a t test of their ranks."""
    n = len(calibrated)
    ranks = rankdata(np.concatenate([calibrated, new]), axis=0)
    parts = [ranks[:n][field == number] for number in np.unique(field)]
    error, freedom = error_of_difference(parts, ranks[n:])
    away = np.abs(ranks[n:].mean(axis=0) - ranks[:n].mean(axis=0))
    differs: NDArray[np.bool_] = away > student.isf(level / 2, max(freedom, 1)) * error
    return differs


def _exceedance(names: list[tuple[str, str]], calibrated: Doubles, new: Doubles, level: float) -> dict[str, Any] | None:
    """Blocks beyond all calibrated ones: p, ``blocks`` of ``of``, how many are ``needed`` (None: no number suffices).

    ``told`` is whether there are too many for chance; ``statistics`` lists the first in which they are, with ``kind``,
    ``of``, ``blocks`` and whether ``above``.
    """
    found = compare_extremes(calibrated, new)
    if found.p is None:
        return None
    told = found.p <= level
    order = np.lexsort((-found.beyond, found.adjusted))[:_LISTED]
    return {
        "p": found.p,
        "blocks": int(max(found.blocks.sum(), found.beyond.max() if told else 0)),
        "of": len(new),
        # The test of all statistics together takes half of the level.
        "needed": fewest_beyond(level / 2, len(calibrated), len(new)),
        "told": told,
        "statistics": [
            {"kind": names[i][0], "of": names[i][1], "blocks": int(found.beyond[i]), "above": bool(found.above[i])}
            for i in order
            if found.beyond[i]
        ],
    }


def _dose(reference: BlockTable, table: BlockTable, level: float) -> dict[str, Any] | None:
    """``ratio``, ``p``, ``visible`` and ``totals`` of ``Dose``, and whether the dose is ``told`` to be another one."""
    found = compare_dose(reference.image[:, :, 0], reference.field, table.image[:, :, 0], level)
    if found is None:
        return None
    return {**vars(found), "told": found.p <= level and abs(found.ratio - 1) > SMALLEST}
