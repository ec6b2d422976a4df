"""Correlation and error of ensembles of fewer members."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core.statistics import correlation, draw_subsets
from .columns import COLUMNS
from .held_out import HeldOut

# Largest number of subsets of one size. Where more exist, so many different ones are drawn.
MAX_SUBSETS = 20


def ensemble_size(regions: Sequence[HeldOut], channels: Sequence[str], rng: np.random.Generator) -> pd.DataFrame:
    """Measure correlation and RMSE of ensembles of m members, for every m.

    The prediction is the mean of the members' medians; it is compared with the target of the delivered frame.

    Parameters
    ----------
    regions
        Held-out regions; those without stored members are left out.
    channels
        Names of the channels.
    rng
        Draws the subsets where there are more than ``MAX_SUBSETS``.

    Returns
    -------
    DataFrame
        One row per m and channel: channel, members (m), subsets (number of subsets of m members), and correlation and
        rmse: their means over the subsets, with the quartiles ``*_q25`` and ``*_q75``. RMSE in the unit of the
        reference.
    """
    kept = [region for region in regions if region.members is not None]
    rows: list[dict[str, Any]] = []
    if not kept:
        return pd.DataFrame(rows, columns=COLUMNS["ensemble_size"])
    members = np.concatenate([r.members.reshape(*r.members.shape[:2], -1) for r in kept if r.members is not None], 2)
    target = np.concatenate([r.target[:, r.delivered].reshape(len(channels), -1) for r in kept], 1)
    total = len(members)
    for m in range(1, total + 1):
        subsets = draw_subsets(total, m, MAX_SUBSETS, rng)
        for c, name in enumerate(channels):
            means = [members[list(subset), c].mean(axis=0, dtype=np.float64) for subset in subsets]
            linear = np.array([correlation(mean, target[c]) for mean in means])
            errors = np.array([math.sqrt(float(np.square(mean - target[c]).mean())) for mean in means])
            row: dict[str, Any] = {"channel": name, "members": m, "subsets": len(subsets)}
            for key, values in (("correlation", linear), ("rmse", errors)):
                low, high = np.quantile(values, [0.25, 0.75])
                row |= {key: values.mean(), f"{key}_q25": low, f"{key}_q75": high}
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS["ensemble_size"])
