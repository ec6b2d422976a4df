"""The result of a hyperparameter search: trials by their loss on the select regions, a figure, and the winner."""

from __future__ import annotations

import logging
import math
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from ..core.errors import InputError
from ..core.storage import read_json, write_text
from ..core.tables import write_table
from ..figures.style import ACCENT, MUTED, new_figure, save_svg, style
from ..settings.trial import in_words

logger = logging.getLogger("noisebound")
MEASURED = ("loss", "depth", "parameters", "seconds")
COLUMNS = ("rank", "trial", "loss", "error", "depth", "parameters", "seconds", "networks", "problem")


def rank(trials: Mapping[str, Mapping[str, Any]], outcomes: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Trials with the means over their networks, best first, and those that could not be trained at the end.

    ``trials`` maps the name of a trial to its changes; ``outcomes`` are those of the networks, equally many each, trial
    by trial. Columns ``COLUMNS``, then a column per searched key. ``error`` is the standard error of the loss over
    networks, NaN with one. Of equal losses, fewer parameters win. A trial of which any network could not be trained has
    no rank and no loss, because a mean over those that could would flatter it; ``problem`` says why.
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
    """How sure the order of :func:`rank` is, as a sentence without a full stop.

    A trial lies within two standard errors of the winner if their losses differ by at most 2 sqrt(a^2 + b^2), with the
    standard errors a and b of both over networks.
    """
    ranked = table[table["rank"].notna()]
    winner, others = ranked.iloc[0], ranked.iloc[1:]
    if not len(others):
        return "no other trial to compare with"
    if not np.isfinite(winner["error"]):
        return "one network per trial: the order may be chance"
    near = others["loss"] - winner["loss"] <= 2 * np.hypot(others["error"], winner["error"])
    return f"{near.sum()} of the {len(others)} other trials within two standard errors of it"


def search_figure(table: pd.DataFrame, words: str = "") -> Figure:
    """Loss against depth, parameters and time of training, a point per ranked trial with its error; ``words`` above.

    The winner is marked. Axes are logarithmic where values differ by more than a factor of five.
    """
    panels = {"depth": "depth", "parameters": "trained parameters", "seconds": "time of training / s"}
    ranked = table[table["rank"].notna()]
    with style():
        figure, grid = new_figure(9.0, 3.4, 1, 3)
        for axes, (column, label) in zip(grid[0], panels.items(), strict=True):
            for best, colour, size in ((False, MUTED, 5), (True, ACCENT, 8)):
                rows = ranked[(ranked["rank"] == 1) == best]
                bars = np.nan_to_num(rows["error"].to_numpy(dtype=float))
                axes.errorbar(
                    rows[column],
                    rows["loss"],
                    yerr=bars if bars.any() else None,
                    fmt="o",
                    color=colour,
                    markersize=size,
                    elinewidth=0.9,
                    alpha=1.0 if best else 0.75,
                    markeredgewidth=0,
                )
            if column == "depth":
                axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
            elif _spans(ranked[column]):
                axes.set_xscale("log")
                _ticks(axes.xaxis, EngFormatter(sep="") if column == "parameters" else StrMethodFormatter("{x:g}"))
            if _spans(ranked["loss"]):
                axes.set_yscale("log")
                _ticks(axes.yaxis, StrMethodFormatter("{x:g}"))
            axes.margins(0.08)
            axes.set_xlabel(label)
        grid[0][0].set_ylabel("loss on the select regions")
        if words:
            figure.suptitle(textwrap.fill(words, 120), x=0.01, ha="left", fontsize=9)
    return figure


def _spans(values: pd.Series) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 0 and known.max() > 5 * known.min() > 0


def _ticks(axis: Axis, shown: Formatter) -> None:
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(shown)
    axis.set_minor_formatter(NullFormatter())


def nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of a trial as sections of a configuration."""
    content: dict[str, Any] = {}
    for key, value in changes.items():
        *sections, name = key.split(".")
        place = content
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    return content


def rank_trials(
    outcomes: Sequence[str | Path],
    table: str | Path,
    best: str | Path,
    figure: str | Path,
    *,
    trials: Mapping[str, Mapping[str, Any]],
    run: str,
) -> None:
    """Write all trials (CSV, best first), the winner as a configuration file, and the figure (SVG).

    ``outcomes`` are those that ``train_trial`` wrote, for ``trials`` as in :func:`rank`. The configuration file holds
    the searched keys only: given after the run's own, it changes these and nothing else.

    Raises ``InputError`` where no trial could be trained.
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
    winner = found.iloc[0]
    changes = trials[winner["trial"]]
    of_all = f"best of {len(found)} trials"
    if len(failed):
        of_all += f" ({len(failed)} could not be trained)"
    sure = certainty(found)
    loss = f"{winner['loss']:.5g}" + (f" ± {winner['error']:.2g}" if np.isfinite(winner["error"]) else "")
    # The smallest of several noisy losses is on average smaller than what the same settings give again.
    selected = ", the smallest of all and so rather too low" if len(found) - len(failed) > 1 else ""
    head = (
        f"# The {of_all} of the run {run}:\n"
        f"# trial {winner['trial']}, loss {loss} on the select regions{selected}:\n"
        f"# {sure}.\n"
        f"# Use it after the run's own file: --configfile config/my-run.yaml {best}\n"
    )
    write_text(best, head + yaml.safe_dump(nested(changes), sort_keys=False, default_flow_style=None))
    save_svg(search_figure(found, f"{of_all.capitalize()}: {in_words(changes)}; {sure}"), figure)
    logger.info("%s: %s; %s", of_all, in_words(changes), sure)
