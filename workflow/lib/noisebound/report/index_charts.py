"""The charts of the index as SVG: coverage, training, size of the ensemble, stability of the tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..core.data_frames import read_table
from ..figures.coverage_figures import GROUP_WORDS, conditional_panel, reliability, reliability_gap
from ..figures.training_figures import ensemble_size, read_histories, stability, training
from .index_page import RunFiles
from .pictures import picture
from .stability import NAMES


def charts(run: RunFiles, channels: Sequence[str], primary: float) -> dict[str, Any]:
    """Draw the charts of the index.

    Parameters
    ----------
    run
        Files of the run.
    channels
        Names of the channels that conditional coverage is drawn for.
    primary
        Nominal coverage at which conditional coverage is drawn.

    Returns
    -------
    dict
        reliability, gap, training, ensemble_size and stability as SVG, ``None`` where there are no data; and
        conditional, as :func:`conditional` returns it.
    """
    coverage = read_table(run.coverage_csv)
    sizes = read_table(run.ensemble_size_csv)
    trained = {name: table for name, table in read_histories(run.histories).items() if len(table)}
    agreements = read_table(run.stability_csv).replace({"comparison": NAMES})
    tables = {kind: read_table(path) for kind, path in run.conditional_csv.items()}
    label = "Reliability: observed coverage on the test region over nominal coverage, per channel"
    return {
        "reliability": picture(reliability(coverage), label) if len(coverage) else None,
        "gap": picture(reliability_gap(coverage), f"{label}, as difference") if len(coverage) else None,
        "conditional": conditional(tables, channels, primary),
        "training": picture(training(trained), "Training and select loss per member") if trained else None,
        "ensemble_size": (
            picture(ensemble_size(sizes), "Correlation and error over the number of members") if len(sizes) else None
        ),
        "stability": (
            picture(stability(agreements), "Agreement of token maps, adjusted Rand index") if len(agreements) else None
        ),
    }


def conditional(tables: Mapping[str, pd.DataFrame], channels: Sequence[str], primary: float) -> list[dict[str, Any]]:
    """Draw small panels of conditional coverage.

    Parameters
    ----------
    tables
        Coverage by group, by kind of group.
    channels, primary
        Names of the channels, and the nominal coverage.

    Returns
    -------
    list of dict
        One entry per channel with data: channel, and panels, one SVG per kind of group.
    """
    rows = []
    for channel in channels:
        panels = []
        for kind, table in tables.items():
            label = f"Coverage of {channel} by {GROUP_WORDS.get(kind, kind)}"
            panels.append(picture(conditional_panel(table, channel, kind, primary), label, least=0.8))
        if any(panels):
            rows.append({"channel": channel, "panels": [panel for panel in panels if panel]})
    return rows
