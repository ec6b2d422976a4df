"""Trials ranked by their loss on the select regions, and how certain the order is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

MEASURED = ("loss", "depth", "parameters", "seconds")
COLUMNS = ("rank", "trial", "loss", "error", "depth", "parameters", "seconds", "networks", "problem")


def rank(trials: Mapping[str, Mapping[str, Any]], outcomes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rank all trials by their loss, the smallest first; those that could not be trained come last.

    Of equal losses, fewer parameters win. Where one network of a trial could not be trained, the trial has no rank and
    no loss, because the mean over the others would flatter it.

    Parameters
    ----------
    trials
        From the name of a trial to its changes: dotted keys and values.
    outcomes
        What ``train_trial`` wrote, equally many for each trial, trial by trial.

    Returns
    -------
    DataFrame
        The columns ``COLUMNS``, then one per searched key. Numbers are means over the networks of a trial. ``error`` is
        the standard error of the mean loss, NaN for a single network. ``problem`` says why a trial could not be
        trained.
    """
    each = len(outcomes) // len(trials)
    rows: list[dict[str, Any]] = []
    for number, (name, changes) in enumerate(trials.items()):
        own = outcomes[number * each : (number + 1) * each]
        problems = [str(outcome["problem"]) for outcome in own if "problem" in outcome]
        row: dict[str, Any] = {"trial": name, "networks": each, "problem": problems[0] if problems else ""}
        if problems and each > 1:
            row["problem"] = f"{len(problems)} of {each} networks: {problems[0]}"
        values = {key: [math.nan if problems else outcome[key] for outcome in own] for key in MEASURED}
        # A U-Net has no depth.
        row |= {key: float(np.mean([math.nan if v is None else v for v in found])) for key, found in values.items()}
        row["error"] = float(np.std(values["loss"], ddof=1) / math.sqrt(each)) if each > 1 else math.nan
        rows.append(row | {key: str(value) for key, value in changes.items()})
    table = pd.DataFrame(rows).sort_values(["loss", "parameters"], ignore_index=True, kind="stable")
    table["rank"] = pd.Series(np.arange(1, len(table) + 1), dtype="Int64").where(table["loss"].notna())
    return table[[*COLUMNS, *dict.fromkeys(key for changes in trials.values() for key in changes)]]


def certainty(table: pd.DataFrame) -> str:
    """Say how certain the order of the trials is.

    Parameters
    ----------
    table
        What :func:`rank` returned, with one ranked trial at least.

    Returns
    -------
    str
        A sentence without a full stop.

    Notes
    -----
    A trial lies within two standard errors of the winner if its loss exceeds the winner's by at most 2 sqrt(a^2 + b^2),
    where a and b are the standard errors of both losses over the networks.
    """
    ranked = table[table["rank"].notna()]
    winner, others = ranked.iloc[0], ranked.iloc[1:]
    if not len(others):
        return "no other trial to compare with"
    if not np.isfinite(winner["error"]):
        return "one network per trial: the order may be chance"
    near = others["loss"] - winner["loss"] <= 2 * np.hypot(others["error"], winner["error"])
    return f"{near.sum()} of the {len(others)} other trials within two standard errors of it"
