"""The step rank_trials: the table of all trials of a search, its figure, and the winner as a configuration file."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from ..core.errors import InputError
from ..core.storage import read_json, write_text
from ..core.tables import write_table
from ..figures.style import save_svg
from ..settings.trial import in_words
from .ranking import certainty, rank
from .search_figure import search_figure

logger = logging.getLogger("noisebound")


def rank_trials(
    outcomes: Sequence[str | Path],
    table: str | Path,
    best: str | Path,
    figure: str | Path,
    *,
    trials: Mapping[str, Mapping[str, Any]],
    run: str,
) -> None:
    """Rank the trials of a search and write the table, the figure and the winner.

    Parameters
    ----------
    outcomes
        Files that ``train_trial`` wrote, equally many for each trial, trial by trial.
    table
        Output: all trials, best first (CSV).
    best
        Output: the winner's values of the searched keys as a configuration file, to be given after the run's own
        (YAML).
    figure
        Output: loss against depth, parameters and training time (SVG).
    trials
        From the name of a trial to its changes: dotted keys and values.
    run
        Name of the run.

    Raises
    ------
    InputError
        Where no trial could be trained, or an outcome cannot be read.
    """
    found = rank(trials, [read_json(path) for path in outcomes])
    failed = found[found["rank"].isna()]
    for name, problem in zip(failed["trial"], failed["problem"], strict=True):
        logger.warning("trial %s (%s) could not be trained: %s", name, in_words(trials[name]), problem)
    if len(failed) == len(found):
        raise InputError(
            f"none of {len(found)} trials could be trained; the first, with {in_words(next(iter(trials.values())))}: "
            + str(failed["problem"].iloc[0]).rstrip("."),
            key="search.keys",
            remedy="try other values",
        )
    write_table(table, found.columns, found.itertuples(index=False))
    changes = trials[found.iloc[0]["trial"]]
    of_all, sure = _best_of(found), certainty(found)
    head = _head(found, of_all, sure, run, best)
    write_text(best, head + yaml.safe_dump(nested(changes), sort_keys=False, default_flow_style=None))
    save_svg(search_figure(found, f"{of_all.capitalize()}: {in_words(changes)}; {sure}"), figure)
    logger.info("%s: %s; %s", of_all, in_words(changes), sure)


def nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the changes of a trial into sections of a configuration.

    Parameters
    ----------
    changes
        Dotted keys and values, such as ``{"architecture.depth": 8}``.

    Returns
    -------
    dict
        Sections within sections, such as ``{"architecture": {"depth": 8}}``.
    """
    content: dict[str, Any] = {}
    for key, value in changes.items():
        *sections, name = key.split(".")
        place = content
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return content


def _best_of(table: pd.DataFrame) -> str:
    """Say of how many trials the winner is the best."""
    failed = int(table["rank"].isna().sum())
    return f"best of {len(table)} trials" + (f" ({failed} could not be trained)" if failed else "")


def _head(table: pd.DataFrame, of_all: str, sure: str, run: str, best: str | Path) -> str:
    """Write the comment at the top of the winner's file."""
    winner, ranked = table.iloc[0], int(table["rank"].notna().sum())
    loss = f"{winner['loss']:.5g}" + (f" ± {winner['error']:.2g}" if np.isfinite(winner["error"]) else "")
    # The smallest of several noisy losses is on average smaller than what the same settings give again.
    selected = ", the smallest of all and so rather too low" if ranked > 1 else ""
    return (
        f"# The {of_all} of the run {run}:\n"
        f"# trial {winner['trial']}, loss {loss} on the select regions{selected}:\n"
        f"# {sure}.\n"
        f"# Use it after the run's own file: --configfile config/my-run.yaml {best}\n"
    )
