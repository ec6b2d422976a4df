"""What other ways to form corrections would cost and bring, in rows for the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..core.data_frames import read_table


def mode_rows(path: str | Path, structured: Sequence[str], primary: float) -> list[dict[str, Any]]:
    """Compare the ways to form corrections, one row per mode.

    Parameters
    ----------
    path
        Table of modes, a row per mode, nominal coverage and channel.
    structured
        Names of the channels to combine; all channels where none is named.
    primary
        Nominal coverage of the rows.

    Returns
    -------
    list of dict
        Per mode: mode, unit, chosen, relative_width and relative_winkler (geometric means over channels), decile_gap
        (mean over channels), joint (coverage of all channels at once), worst_slab (lowest over channels), scans, levels
        (pairs of every other nominal coverage and the lowest and highest coverage over deciles there), and pairs of the
        lowest and the highest coverage: coverage (over channels), decile, token, border, block (between the 10 % and
        90 % quantiles of blocks) and scan (each over channels and groups).
    """
    table = read_table(path)
    if not len(table):
        return []
    table = table[table["channel"].isin(structured)] if structured else table
    rows = []
    for _, mode in table.groupby("number", sort=False):
        own = mode[mode["nominal"] == primary]
        kinds = {
            kind: (float(own[f"{kind}_low"].min()), float(own[f"{kind}_high"].max()))
            for kind in ("decile", "token", "border", "block", "scan")
        }
        rows.append(
            {
                "mode": str(own["mode"].iloc[0]),
                "unit": str(own["unit"].iloc[0]),
                "chosen": bool(own["chosen"].iloc[0]),
                "relative_width": _geometric_mean(own["relative_width"]),
                "relative_winkler": _geometric_mean(own["relative_winkler"]),
                "joint": float(own["joint_coverage"].iloc[0]),
                "worst_slab": float(own["worst_slab"].min()),
                "levels": [
                    (float(str(nominal)), (float(at["decile_low"].min()), float(at["decile_high"].max())))
                    for nominal, at in mode.groupby("nominal")
                    if nominal != primary
                ],
                "coverage": (float(own["coverage"].min()), float(own["coverage"].max())),
                "decile_gap": float(own["decile_gap"].mean()),
                "scans": int(own["scans"].iloc[0]),
                **kinds,
            }
        )
    return rows


def _geometric_mean(values: pd.Series[float]) -> float | None:
    """The geometric mean; None where a value is not positive or not known."""
    own = values.to_numpy(dtype=float)
    return float(np.exp(np.log(own).mean())) if (own > 0).all() else None
